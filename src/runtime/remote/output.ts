/** Where the workers of this process write what they have to say on stdout: there, unless its results stand there. */

let isStderr = false

/** For who writes results on stdout, and nothing else: from now on what workers write there goes to stderr. */
export function sendOutputToStderr(): void {
  isStderr = true
}

export function outputGoesToStderr(): boolean {
  return isStderr
}
