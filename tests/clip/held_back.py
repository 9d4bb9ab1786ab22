"""Searches written down before any of them was tried, to hold the relevance line against, in two draws. They
stay as they are now that their result is known. The first draw chose nothing. Of the second, two pictures lay
just under the line of a search that something else matched clearly; that is why relevance.py draws the line
nearer then, and so the second draw says nothing more about real searches, but still about absurd ones."""

ABSURD = [  # nothing in the demo gallery shows any of these
    "municipal parking regulations",
    "interest rates of the central bank",
    "the grammar of a dead language",
    "a lawyer's letter about noise",
    "yesterday's stock prices",
    "a washing machine",
    "a hippopotamus",
    "a toothbrush",
    "a wheelchair",
    "an umbrella stand",
]
REAL = {  # search → the picture that is meant; as in the gallery, one in three is a photograph
    "boat on the sea": "sailboat.png",
    "italian food": "pizza.png",
    "blue flag with a yellow cross": "swedish-flag.png",
    "colours in the sky after the rain": "rainbow.webp",
    "a tower that warns ships": "lighthouse.png",
    "a pot for tea": "teapot.png",
    "guitar": "guitar.jpg",
    "a hot drink": "coffee.jpg",
    "a rocket taking off": "rocket-launch.jpg",
    "woman in a space suit": "astronaut.jpg",
}

ABSURD_AGAIN = [
    "a letter from the tax office",
    "the minutes of a parish meeting",
    "a hydraulic excavator",
    "a bathroom scale",
    "an income statement",
    "a pair of crutches",
    "a ticket machine for trams",
    "the philosophy of Kant",
    "a hairdryer",
    "a rhinoceros",
]
REAL_AGAIN = {
    "tasty pizza": "pizza.png",
    "sailing boat": "sailboat.png",
    "tree in summer": "oak.webp",
    "train with steam": "steam-engine.webp",
    "a snowman in winter": "snowman.jpg",
    "owl in the dark": "owl.webp",
    "cup of black coffee": "coffee.jpg",
    "cat looking at the camera": "chelsea.jpg",
    "flower with many petals": "dahlia.jpg",
    "old palace": "summer-palace.jpg",
}
