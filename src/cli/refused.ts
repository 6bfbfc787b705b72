/** Why nothing was run: one line that says what to do. */
import { inspect } from 'node:util'
import { described, MillraceError } from '../errors.ts'
import { said } from '../messages.ts'

/** The command, its arguments, the file or the blueprint is wrong: exit code 2. `cause` is shown with `--debug`. */
export class Refused extends Error {}

/** The reader of stdout has seen enough (`| head`): that is no error. */
export class ReaderGone extends Error {}

/** stdout takes no more, and its reader is not to blame: a full disk. */
export class UnwritableOutput extends MillraceError {
  constructor(why: string) {
    super(...said('ERR_UNWRITABLE_OUTPUT', { why }))
  }
}

/** For a message from elsewhere, which may have several. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

/** One line; with `debug` all there is, stack and causes. */
export function told(error: unknown, debug: boolean): string {
  return debug ? inspect(error) : oneLine(described(error))
}
