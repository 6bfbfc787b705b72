/** Whether workers can begin with the `resources` of their stage: what Node would refuse is said before anything starts. */
import { Worker } from 'node:worker_threads'
import { type Mistake, mistake } from '../errors.ts'
import type { WorkerResources } from './language.ts'

/** Flags that have Node do something else than run what it is given, with those that it would take for a file. */
const others =
  /^(-|--|--?(e|eval|p|pe|print|c|check|i|interactive|v|version|h|help|run|v8-options|completion-bash|test|watch)(=.*)?)$/

export function resourceMistakes(resources: WorkerResources, runtimes: Iterable<string>, place: string): Mistake[] {
  const { env, execArgv = [] } = resources
  const mistakes: Mistake[] = []
  const all = [...runtimes]
  if (all.length === 0) mistakes.push(mistake('RESOURCES_INLINE', place, {}))
  for (const runtime of all) {
    const refused = (flags: readonly string[], fix: string) =>
      mistakes.push(
        mistake('REFUSED_FLAGS', place, { runtime, flags: flags.map(each => `\`${each}\``).join(', '), fix }),
      )
    const astray = execArgv.filter((each, at) => others.test(each) || (!each.startsWith('-') && at === 0))
    if (astray.length > 0) {
      refused(astray, 'with these Node would run something else')
      continue
    }
    if (runtime !== 'threads') continue
    const flags = execArgv.length > 0 ? whyNoThread({ execArgv: [...execArgv] }) : undefined
    if (flags) refused([flags], "they are of the whole process: use 'processes', or begin the program with them")
    const why = env && whyNoThread({ env: { ...process.env, ...env } })
    if (why) mistakes.push(mistake('REFUSED_ENV', place, { runtime, why }))
  }
  return mistakes
}

/**
 * What Node has against such a thread; it differs from version to version, so Node is asked. No thread begins, as
 * its first message cannot be sent: a Worker reads its flags before, and begins to run behind that.
 */
function whyNoThread(options: { execArgv?: string[]; env?: NodeJS.ProcessEnv }): string | undefined {
  try {
    void new Worker('', { ...options, eval: true, workerData: () => {} }).terminate()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_WORKER_INVALID_EXEC_ARGV') return message.replace(/^.*?(flags|env variable): /, '')
  }
  return undefined
}
