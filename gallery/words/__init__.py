"""What owners say of their pictures, title, caption and tags, as vectors beside those of the pictures.

A model that sees little in a photograph still knows that “a hot drink” is near “A cup of coffee”. So a search
by words looks at two things, what a picture shows and what is said of it, each on the scale of its own
background, and a picture stands where the better of both puts it: `lifting.py`. `said.py` says which words
count, `following.py` makes their vectors, after `triggers.py` has noted that they changed.
"""
