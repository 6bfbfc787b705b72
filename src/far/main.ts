/**
 * All that a worker elsewhere loads of this package, built into one file: its first module, and what `millrace` is to the
 * module of its actor (package.json, `exports` and `imports`).
 *
 *     new Worker(main) ─▶ order ─▶ import the actor's module ─▶ its `import … from 'millrace'` is this module again
 *
 * One by one the fifty modules would take longer than all else that a thread does before its first answer. What they are
 * built into is there once, so are the classes and the registry in them. The build (package.json, `bundle`) puts the engine
 * of pipelines in pipelines into a file of its own, which is loaded for those alone.
 */
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { beChild } from './child.ts'
import { beThread } from './thread.ts'

export * from '../surface.ts'

// Not so in a thread that the actor has started, which inherits the flags of this one.
const [, entry] = process.argv
if (entry !== undefined && import.meta.url === pathToFileURL(entry).href) {
  if (isMainThread) beChild()
  else beThread()
}
