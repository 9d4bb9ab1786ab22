"""Searches written down before any of them was tried, to hold the relevance line against, in three draws.
They stay as they are now that their result is known. The first draw chose nothing until every search got
the model's spread, when it was looked at beside benchmarks/relevance_searches.py. Of the second, two
pictures lay just under the line of a search that something else matched clearly; that is why relevance.py
draws the line nearer then, and so the second draw says nothing more about real searches, but still about
absurd ones. The third was made after all that. The fourth was written when the words of pictures were about
to count as well (gallery/words), for which the first and third had been looked at; seven of its absurd
searches matched nothing then, and with the other draws it made the line stricter. The fifth was written after
that and has chosen nothing."""

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

# The third draw; its pictures by chance, `random.Random(2026).sample(files, 10)`. Five are photographs.
ABSURD_THIRD = [
    "freedom of the press",
    "pension reform",
    "a recipe without gluten",
    "minimum wage",
    "a horror film poster",
    "a shower curtain",
    "a gorilla",
    "mountain bikers on a trail",
    "a wallet",
    "a firefighter with a hose",
]
REAL_THIRD = {
    "a dinghy with a white sail": "sailboat.png",
    "night bird of prey": "owl.webp",
    "a lighthouse on a rock": "lighthouse.png",
    "a traditional Asian building": "summer-palace.jpg",
    "a hot cup of coffee": "coffee.jpg",
    "woman in military uniform": "grace-hopper.jpg",
    "a ripe strawberry": "strawberry.webp",
    "a cat looking into the camera": "chelsea.jpg",
    "a rocket lifting off": "rocket-launch.jpg",
    "a teapot for afternoon tea": "teapot.png",
}

# The fourth draw; its pictures by `random.Random(2027).sample(files, 10)`. Three are photographs.
ABSURD_FOURTH = [
    "a birth certificate",
    "the price of electricity",
    "an essay on justice",
    "a bank transfer",
    "road works at a roundabout",
    "a vending machine",
    "a hedgehog",
    "a nail clipper",
    "an orchestra conductor",
    "a pair of jeans",
]
REAL_FOURTH = {
    "a small boat sailing on the water": "sailboat.png",
    "a car for a family": "red-car.jpg",
    "a fish from a coral reef": "tropical-fish.png",
    "heart icon": "red-heart.png",
    "morning coffee": "coffee.jpg",
    "a wise old owl": "owl.webp",
    "a butterfly with spread wings": "butterfly.jpg",
    "green grass on the ground": "grass.jpg",
    "the flag of Sweden": "swedish-flag.png",
    "a man taking a photograph": "photographer.jpg",
}

# The fifth draw; its pictures by `random.Random(2028).sample(files, 10)`. Six are photographs.
ABSURD_FIFTH = [
    "a driving licence",
    "the history of jazz",
    "a divorce",
    "the weather forecast for Tuesday",
    "an operating system",
    "a hair clip",
    "a giraffe",
    "a fire extinguisher",
    "a tram at the stop",
    "a game of billiards",
]
REAL_FIFTH = {
    "a rainbow over the hills": "rainbow.webp",
    "an old wall made of bricks": "bricks.jpg",
    "Swedish flag": "swedish-flag.png",
    "launch of a space rocket": "rocket-launch.jpg",
    "love": "red-heart.png",
    "a woman from the navy": "grace-hopper.jpg",
    "galaxies far away in the universe": "galaxies.jpg",
    "a steam train": "steam-engine.webp",
    "a palace in China": "summer-palace.jpg",
    "a patch of lawn": "grass.jpg",
}
