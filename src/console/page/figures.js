// Figures as people read them.

/** A delay: 3.2 ms, 480 ms, 1.25 s. */
export function duration(milliseconds) {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return '–';
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1_000).toFixed(2)} s`;
}

/** A number of bytes: 812 B, 12.3 kB, 4.56 MB. */
export function bytes(number) {
  if (number === null || !Number.isFinite(number)) return '–';
  if (number < 1_000) return `${Math.round(number)} B`;
  if (number < 1_000_000) return `${(number / 1_000).toFixed(1)} kB`;
  return `${(number / 1_000_000).toFixed(2)} MB`;
}

/** The value in the middle, or null. */
export function median(numbers) {
  if (!numbers.length) return null;
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
