/** What somebody may have meant by a word that there is not. */

/** The name that is at most two edits away, upper and lower case alike; `undefined` where none is, or the word is as short. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const edits = names.map((name) => editDistance(word.toLowerCase(), name.toLowerCase()));
  const least = Math.min(...edits);
  return least <= 2 && least < word.replace(/^-+/, "").length ? names[edits.indexOf(least)] : undefined;
}

/** Letters inserted, left out or replaced (Levenshtein), or two neighbours exchanged, once each. */
function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const [above = [], twoAbove = []] = [rows[row - 1], rows[row - 2]];
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const at = (line: readonly number[], index: number) => line[index] ?? Number.POSITIVE_INFINITY;
      const differs = from[row - 1] === to[column - 1] ? 0 : 1;
      const exchanged = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          at(above, column) + 1,
          at(current, column - 1) + 1,
          at(above, column - 1) + differs,
          exchanged ? at(twoAbove, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(current);
  }
  return rows[from.length]?.[to.length] ?? Number.POSITIVE_INFINITY;
}
