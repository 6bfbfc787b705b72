/** What one worker gets that lives elsewhere, with every default filled in, and what Node is told of it. */
import { resourceOptions } from '../../options.ts'
import { execArgvOf } from './exec-argv.ts'

export interface Resources {
  /** Of its old generation; absent: as Node has it. */
  readonly heapMB?: number
  readonly maxMessageBytes: number
  /** ms in which it has to be ready. */
  readonly startTimeout: number
  /** Over that of this process. */
  readonly env: Readonly<Record<string, string>>
  /** Behind what it takes over from this process. */
  readonly execArgv: readonly string[]
}

export function resourcesOf(said: Partial<Resources> = {}): Resources {
  const { maxMessageBytes, startTimeout } = resourceOptions
  return {
    ...(said.heapMB !== undefined && { heapMB: said.heapMB }),
    maxMessageBytes: said.maxMessageBytes ?? maxMessageBytes.value,
    startTimeout: said.startTimeout ?? startTimeout.value,
    env: said.env ?? {},
    execArgv: said.execArgv ?? [],
  }
}

/** The flags of Node that it begins with. */
export function flagsOf({ execArgv }: Resources): string[] {
  return [...execArgvOf(process.execArgv), ...execArgv]
}

export function environmentOf({ env }: Resources): NodeJS.ProcessEnv {
  return { ...process.env, ...env }
}
