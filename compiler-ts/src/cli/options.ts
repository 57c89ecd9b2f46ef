/** Options of a command: Node's parser, with what is not an option in the words of a person. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { codeOf, usageError } from "./exitCodes.ts";
import { nearest } from "./nearest.ts";

/** `others`: options that are taken out before. Throws CliError for an unknown one, and Node's errors for a missing or needless value. */
export function parseOptions<T extends ParseArgsConfig>(
  command: string,
  config: T,
  others: readonly string[] = [],
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs<T>(config);
  } catch (error) {
    if (codeOf(error) !== "ERR_PARSE_ARGS_UNKNOWN_OPTION") throw error;
    // Node's advice is to write it after "--", which makes an argument of it that nothing takes either.
    const flag = /'(-[^']*)'/.exec((error as Error).message)?.[1] ?? "";
    if (others.includes(flag)) throw usageError(`${flag} is given twice`);
    // Of "-invoke" Node has read the first letter.
    const word = config.args?.find((written) => written.startsWith(flag)) ?? flag;
    const known = [...Object.keys(config.options ?? {}).map((name) => `--${name}`), ...others];
    const meant = nearest(word.replace(/^-+/, "--").replace(/=.*$/s, ""), known);
    const advice = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    throw usageError(`unknown option ${word}${advice}; "wasmburst help ${command}" lists them`);
  }
}
