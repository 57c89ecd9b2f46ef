/** What somebody may have meant by a word that there is not. */
import { closestMatch } from "leven";

/** The name that is at most two edits away, upper and lower case alike; `undefined` where none is, or the word is as short. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const maxDistance = Math.min(2, word.replace(/^-+/, "").length - 1);
  const lowerCase = names.map((name) => name.toLowerCase());
  const match = closestMatch(word.toLowerCase(), lowerCase, { maxDistance });
  return match === undefined ? undefined : names[lowerCase.indexOf(match)];
}
