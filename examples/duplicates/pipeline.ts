/**
 * Which files below a folder are the same?
 *
 *     directory ─▶ files ─▶ same size ─▶ hash × workers ─▶ same content ─▶ groups
 *                   │                     │
 *                   └─── files that cannot be read ──▶ dead letters
 *
 * `directory`, `repeated` and `batch` are parts of the shelf. Only files that share their size with another are read. The
 * first of a size waits; when a second one comes, both leave at once, so hashing goes on while the walk does.
 */
import { defineActor, type Failure, type FailurePolicy, type Live, pipeline, type Source } from 'millrace'
import { batch, directory, type Entry, type FoundFile, repeated } from 'millrace/actors'
import { FileChanged, type Hashed, hash } from './hash.ts'

/** Two or more files with the same content. */
export interface Group {
  /** The size of one of them. */
  readonly bytes: number
  readonly sha256: string
  /** In the order of their bytes. */
  readonly files: readonly Buffer[]
}

export interface Unread {
  readonly path: Buffer
  readonly why: string
}

export interface Findings {
  /** Largest waste first, then by hash. */
  readonly groups: readonly Group[]
  /** What could not be read, by path. */
  readonly unread: readonly Unread[]
  /** How many files there were, without the empty ones, and how many of them share their size and had to be read. */
  readonly files: number
  readonly hashed: number
}

/**
 * Every regular file below `root`, and no link followed.
 *
 * A name on disk is a row of bytes, and need not be text. So names stay bytes all the way to the report: that is the only
 * form in which no two of them are the same by mistake, and in which every one of them can be opened again.
 */
export const walk = (root: string) => directory(root, { encoding: 'buffer' })

/** Lets through what is a file and has something in it. What could not be looked at fails here, as an item of its own. */
const files = defineActor('files', import.meta, (entry: Entry<Buffer>): FoundFile<Buffer> | undefined => {
  if (entry.error) throw entry.error
  return entry.size > 0 ? entry : undefined
})

/** Speaks of files that have the same content, if there are two at least. */
const groups = defineActor('groups', import.meta, ([file, ...others]: readonly Hashed[]): Group | undefined => {
  if (!file || others.length === 0) return
  const paths = [file, ...others].map(({ path }) => path).sort(Buffer.compare)
  return { bytes: file.size, sha256: file.sha256, files: paths }
})

/** A refusal of the file system costs one file. Any other error is a mistake in this program, and stops it. */
function skipUnreadable({ error }: Failure): FailurePolicy {
  return error instanceof FileChanged || (error instanceof Error && 'syscall' in error) ? 'skip' : 'stop'
}

/** How many workers read files, and where they live. */
export interface How {
  readonly workers?: number
  readonly on?: 'inline' | 'threads' | 'processes'
}

export const duplicates = (entries: Source<Entry<Buffer>>, { workers = 4, on = 'inline' }: How = {}) =>
  pipeline('duplicates')
    .from(entries)
    .stage('files', files, { onFailure: skipUnreadable })
    .stage('same size', repeated({ by: 'size', remember: Infinity }))
    .stage('hash', hash, { workers, on, concurrency: 4, onFailure: skipUnreadable })
    .stage('same content', batch({ size: Infinity }), { key: 'sha256', workers })
    .stage('groups', groups)

/** Runs the pipeline to its end. `workers` and `on` make it faster; the findings are the same. */
export async function findDuplicates(entries: Source<Entry<Buffer>>, how: How = {}): Promise<Findings> {
  const run = duplicates(entries, how).run()
  return findingsOf(run, run)
}

/** What a run comes to, when all its results have been read. */
export async function findingsOf(results: AsyncIterable<Group>, run: Live): Promise<Findings> {
  const unread: Unread[] = []
  run.deadLetters.subscribe(({ item, error }) => {
    unread.push({ path: (item as Entry<Buffer>).path, why: reason(error) })
  })
  const groups: Group[] = []
  for await (const group of results) groups.push(group)
  await run.done
  const received = new Map(run.snapshot().stages.map(({ stage, received }) => [stage, received]))
  return {
    groups: groups.sort((a, b) => waste(b) - waste(a) || (a.sha256 < b.sha256 ? -1 : 1)),
    unread: unread.sort((a, b) => Buffer.compare(a.path, b.path)),
    files: received.get('same size') ?? 0,
    hashed: received.get('hash') ?? 0,
  }
}

/** Bytes that would be free if one file of the group were enough. */
export function waste({ bytes, files }: Group): number {
  return bytes * (files.length - 1)
}

/** Without what Node appends to it: the call, and the path in a form that may not be its name. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, \w+( '.*)?$/s, '') : String(error)
}
