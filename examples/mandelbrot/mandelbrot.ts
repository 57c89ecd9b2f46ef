// The Mandelbrot set in f64: how many steps each point of a grid takes to escape, summed over the grid.

function escapeTime(re: f64, im: f64, limit: i32): i32 {
  let x = 0.0;
  let y = 0.0;
  let steps = 0;
  while (steps < limit && x * x + y * y <= 4.0) {
    const next = x * x - y * y + re;
    y = 2.0 * x * y + im;
    x = next;
    steps++;
  }
  return steps;
}

/** Each instance sees its own window: they zoom in on the seahorse valley by 1 % from one to the next. */
export function iterations(width: i32, height: i32, limit: i32, instance: i32): i64 {
  let scale = 3.0;
  for (let i = 0; i < instance; i++) scale *= 0.99;
  let sum: i64 = 0;
  for (let row = 0; row < height; row++) {
    const im = 0.1 + scale * ((row as f64) / (height as f64) - 0.5);
    for (let column = 0; column < width; column++) {
      const re = -0.745 + scale * ((column as f64) / (width as f64) - 0.5);
      sum += escapeTime(re, im, limit) as i64;
    }
  }
  return sum;
}
