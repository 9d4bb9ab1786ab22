"""Searches written down before any of them was tried, to hold the relevance line against. They are never
used to choose anything about the line or the model, and stay as they are now that their result is known."""

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
