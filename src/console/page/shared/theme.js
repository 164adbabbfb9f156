// Light or dark: as the system has it until somebody chooses, then as chosen.

const KEY = 'callboard.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
let chosen = null;

try {
  chosen = localStorage.getItem(KEY);
} catch {
  // Nothing is kept here: the system's choice.
}
dark.addEventListener('change', apply);
apply();

/** `light` or `dark`. */
export function theme() {
  return document.documentElement.dataset.theme;
}

/** Chooses, and remembers it. */
export function setTheme(name) {
  chosen = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // The choice lasts as long as the page.
  }
  apply();
}

function apply() {
  const name = chosen === 'light' || chosen === 'dark' ? chosen : dark.matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = name;
}
