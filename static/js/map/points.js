// The pictures of the map and which of them lie where. A pass over 50,000 of them takes about a millisecond.

export class Points {
  constructor() {
    this.all = []; // {id, x, y, colour, aspect, title, shown}
  }

  get length() {
    return this.all.length;
  }

  // Page by page; `come` is called after each. Throws a TypeError, as fetch does, when one cannot be had.
  async load(url, come) {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const response = await fetch(`${url}?page=${page}`, { headers: { Accept: "application/json" } });
      if (!response.ok || response.redirected) throw new TypeError(`${response.status}`);
      const found = await response.json();
      pages = found.pages;
      for (const [id, x, y, colour, aspect, title, shown] of found.points) {
        this.all.push({ id, x, y, colour, aspect, title, shown: shown === 1 });
      }
      come();
    }
  }

  // The nearest one to a place that is not farther than `reach`, or null.
  nearest(x, y, reach = Infinity) {
    let [best, least] = [null, reach * reach];
    for (const point of this.all) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance <= least) [best, least] = [point, distance];
    }
    return best;
  }

  // The next one in a direction, (1, 0) to the right: in a right angle around it, sooner straight ahead.
  next(from, dx, dy) {
    let [best, least] = [null, Infinity];
    for (const point of this.all) {
      const [x, y] = [point.x - from.x, point.y - from.y];
      const ahead = x * dx + y * dy;
      const aside = Math.abs(x * dy - y * dx);
      if (ahead <= 0 || aside > ahead) continue;
      const far = ahead + 2 * aside;
      if (far < least) [best, least] = [point, far];
    }
    return best;
  }

  // Those inside a closed line of [x, y], by the even-odd rule.
  inside(line) {
    const xs = line.map(([x]) => x);
    const ys = line.map(([, y]) => y);
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    return this.all.filter(
      (point) => point.x >= left && point.x <= right && point.y >= top && point.y <= bottom && isInside(point, line),
    );
  }

  between(one, other) {
    const [left, right] = [Math.min(one[0], other[0]), Math.max(one[0], other[0])];
    const [top, bottom] = [Math.min(one[1], other[1]), Math.max(one[1], other[1])];
    return this.all.filter(({ x, y }) => x >= left && x <= right && y >= top && y <= bottom);
  }
}

function isInside({ x, y }, line) {
  let inside = false;
  for (let here = 0, before = line.length - 1; here < line.length; before = here, here += 1) {
    const [[x1, y1], [x2, y2]] = [line[here], line[before]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}
