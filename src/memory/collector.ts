/**
 * Has V8 collect garbage now. It does so by itself when memory of its own runs short; of shared memory it counts nothing.
 *
 * Node has it behind `--expose-gc`. The flag is set for one new context, which is where V8 looks at it, and taken back.
 */
let known: (() => void) | undefined | null = null

export function collector(): (() => void) | undefined {
  if (known === null) known = globalThis.gc ? () => void globalThis.gc!() : found()
  return known
}

function found(): (() => void) | undefined {
  try {
    const { setFlagsFromString } = process.getBuiltinModule('node:v8')
    const { runInNewContext } = process.getBuiltinModule('node:vm')
    setFlagsFromString('--expose-gc')
    try {
      const gc: unknown = runInNewContext('gc')
      return typeof gc === 'function' ? () => void gc() : undefined
    } finally {
      setFlagsFromString('--no-expose-gc')
    }
  } catch {
    return undefined // a policy forbids it: V8 collects when it sees fit
  }
}
