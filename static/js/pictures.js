// What grids of pictures do with a script, on every page that has one.
import "./pictures/endless.js";
import "./pictures/lightbox.js";
import "./pictures/months.js";
