/**
 * SHA-256 of every photo in a folder: on eight threads, printed in the order of their names.
 *
 *     npm run build && node dist/examples/02-threads.js [FOLDER]
 *
 * prints, in the root of the project,
 *
 *     96b99ac5af5cfb0f575ab1411fe3e07dac622918f4ed25534f9549e2fb47fabb examples/photos/mill.pgm
 *     7eb8e212cbb05e570c8678124a8d8bba1487efc0ed949493ea62208b76a21145 examples/photos/race.pgm
 *     12a6545cc36ee0937f2fd3dea3277e923cbd4403b0df727bdd4a9a2bdd083416 examples/photos/wheel.pgm
 *
 * `hash` stands in a module of its own (hash.ts), so its workers can load it there.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'millrace'
import { hash } from './hash.ts'

const folder = process.argv[2] ?? 'examples/photos'
const photos = (await readdir(folder)).sort().map(name => join(folder, name))

const checksums = pipeline('checksums')
  .from(photos)
  .stage('hash', hash, { workers: 8, on: 'threads' })
  .stage('print', ({ digest, path }) => console.log(digest, path))

await using run = checksums.run()
await run.done
