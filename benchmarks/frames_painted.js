// Put before a job page's own scripts: notes when each frame can be seen, in window.painted as [step, Date.now()].
// A frame says its step in its own pixels (frames_publisher.marked), so what is noted has been decoded and drawn.
{
  const BITS = 16;
  const CELL = 8; // pixels
  const strip = new OffscreenCanvas(BITS, 1).getContext("2d", { willReadFrequently: true });
  const draw = CanvasRenderingContext2D.prototype.drawImage;

  const stepOf = (bitmap) => {
    strip.drawImage(bitmap, 0, bitmap.height - CELL, BITS * CELL, CELL, 0, 0, BITS, 1);
    const { data } = strip.getImageData(0, 0, BITS, 1);
    let step = 0;
    for (let bit = 0; bit < BITS; bit++) step = 2 * step + (data[4 * bit] > 127 ? 1 : 0);
    return step;
  };

  window.painted = [];
  CanvasRenderingContext2D.prototype.drawImage = function (bitmap, ...where) {
    draw.call(this, bitmap, ...where);
    const step = stepOf(bitmap);
    // The first callback runs before the screen is updated with the picture, the second after that.
    requestAnimationFrame(() => requestAnimationFrame(() => window.painted.push([step, Date.now()])));
  };
}
