/** Why nothing was run: one line that says what to do. */
import { inspect } from 'node:util'
import { described, MillraceError } from '../errors.ts'
import { type Blanks, filled, type RefusalCode, refusalMessages, said } from '../messages.ts'

/** The command, its arguments, the file or the blueprint is wrong: exit code 2. `cause` is shown with `--debug`. */
export class Refused extends Error {
  /** Undefined where the words are the module's own, or the usage. */
  readonly code: RefusalCode | undefined

  constructor(message: string, options?: ErrorOptions, code?: RefusalCode) {
    super(message, options)
    this.code = code
  }
}

/** What is refused, by its row. */
export function refused<Code extends RefusalCode>(
  code: Code,
  blanks: Blanks<(typeof refusalMessages)[Code]['says']>,
  cause?: unknown,
): Refused {
  const { says } = refusalMessages[code]
  return new Refused(oneLine(filled(says, blanks)), cause === undefined ? undefined : { cause }, code)
}

/** The reader of stdout has seen enough (`| head`): that is no error. */
export class ReaderGone extends Error {}

/** stdout takes no more, and its reader is not to blame: a full disk. */
export class UnwritableOutput extends MillraceError {
  constructor(why: string) {
    super(...said('ERR_UNWRITABLE_OUTPUT', { why }))
  }
}

/** What an error is told by, if it has a code. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

/** For a message from elsewhere, which may have several. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}

/** One line; with `debug` all there is, stack and causes. */
export function told(error: unknown, debug: boolean): string {
  return debug ? inspect(error) : oneLine(described(error))
}
