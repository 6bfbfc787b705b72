/** What the command line says: results on stdout, everything else on stderr, one line for one thing. */

/** Why nothing was run. */
export class Refused extends Error {}

/** The reader of stdout has seen enough (`| head`): that is no error. */
export class ReaderGone extends Error {}

/** Writes to stdout; resolves when it is out, so that a slow reader slows the pipeline. */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error?: NodeJS.ErrnoException | null) => {
      if (error?.code === 'EPIPE') reject(new ReaderGone())
      else if (error) reject(error)
      else resolve()
    })
  })
}

/** Writes a line to stderr. */
export function warn(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** For a message from elsewhere, which may have several. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}
