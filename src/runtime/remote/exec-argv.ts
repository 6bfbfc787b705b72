/**
 * The flags of Node that a thread begins with: those of this process that say how modules are found and loaded, and one
 * that has it load this package without its engine. Others are the process's own (V8's, the inspector's, what to run), and a
 * thread that is given one of them does not start at all.
 */
const withValue = ['--import', '--require', '-r', '--loader', '--experimental-loader', '--conditions', '-C']
const alone =
  /^--(no-)?(enable-source-maps|experimental-(strip|transform)-types|experimental-import-meta-resolve|preserve-symlinks|warnings|deprecation)$/

export function execArgvOf(argv: readonly string[]): string[] {
  const kept: string[] = []
  for (let n = 0; n < argv.length; n++) {
    const flag = argv[n]!
    const [name] = flag.split('=') as [string]
    if (withValue.includes(name)) {
      kept.push(flag)
      if (name === flag && n + 1 < argv.length) kept.push(argv[++n]!)
    } else if (alone.test(flag)) kept.push(flag)
  }
  return [...kept, '--conditions=millrace-far']
}
