// Light or dark colours: those of the system until the user chooses.

const KEY = 'callboard.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
let chosen = null;

try {
  chosen = localStorage.getItem(KEY);
} catch {
  // The browser keeps nothing, so the system's choice holds.
}
dark.addEventListener('change', apply);
apply();

/** `light` or `dark`. */
export function theme() {
  return document.documentElement.dataset.theme;
}

/** Sets the theme, and remembers it. */
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
