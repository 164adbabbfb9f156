// Cards of unequal heights without holes below the short ones. A card stays in its column whatever its height is, so that nothing
// jumps under the pointer, and the order of the text stays that of the cards.

/** Packs the children of a grid whose columns its style makes: sets the column of each, and how many rows of a pixel it spans. */
export function packed(grid) {
  const sizes = new ResizeObserver(() => pack(grid));
  sizes.observe(grid);
  for (const child of grid.children) sizes.observe(child);
  return grid;
}

function pack(grid) {
  const shown = [...grid.children].filter(({ hidden }) => !hidden);
  grid.classList.add('packed');
  // A card in a column that the style does not make any more would make one.
  for (const child of shown) child.style.gridColumn = '';
  const { gridTemplateColumns: columns, columnGap: gap } = getComputedStyle(grid);
  const count = columns.split(' ').length;
  shown.forEach((child, index) => {
    const rows = Math.ceil(child.offsetHeight + (parseFloat(gap) || 0));
    child.style.gridColumn = count > 1 ? String((index % count) + 1) : '';
    child.style.gridRowEnd = `span ${rows}`;
  });
}
