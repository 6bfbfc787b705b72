/** The files below a folder. */
import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import picomatch from 'picomatch'
import { checkOptions, type Options } from '../src/index.ts'
import { isFlag, oneOf } from './accepts.ts'
import { checkFile } from './file.ts'

/** What was found: a file; or something that could not be read, with the `error` that says why. */
export type Entry<Path = string, Facts = FileFacts> = FoundFile<Path, Facts> | UnreadableEntry<Path>

export type FoundFile<Path = string, Facts = FileFacts> = Facts & {
  /** The folder as it was written, and below it names with `/` between them. */
  readonly path: Path
  readonly error?: undefined
}

export interface FileFacts {
  /** Bytes. */
  readonly size: number
  /** When it was last written to, in ms since 1970. */
  readonly modified: number
}

/** A folder that cannot be listed, or an entry that cannot be looked at. */
export interface UnreadableEntry<Path = string> {
  readonly path: Path
  readonly error: Error
}

export interface DirectoryOptions<
  Encoding extends 'utf-8' | 'buffer' = 'utf-8' | 'buffer',
  Stat extends boolean = boolean,
> {
  /** Which files, by their path below the folder: a pattern, or several, one of which has to match. @default all */
  glob?: string | readonly string[]
  /** Which files and folders to leave out, with all that is in them: the same. @default none */
  ignore?: string | readonly string[]
  /** What paths are: text, or the bytes that names on disk are. @default 'utf-8' */
  encoding?: Encoding
  /** Whether files have `size` and `modified`, which have to be asked for one by one. @default true */
  stat?: Stat
  /** Is told of what cannot be read; items are files alone then. @default it is an item, with its `error` */
  onUnreadable?: (entry: UnreadableEntry<PathOf<Encoding>>) => void
}

const patterns = {
  expected: 'a glob pattern such as `**/*.jpg`, or an array of one at least',
  accepts: (value: unknown) => arePatterns([value].flat()),
}

export const directoryOptions = {
  glob: {
    ...patterns,
    default: 'all files',
    doc: 'Which files, by their path below the folder: one of these has to match.',
  },
  ignore: {
    expected: 'a glob pattern such as `**/.git`, or an array of them',
    accepts: ignore => [ignore].flat().length === 0 || patterns.accepts(ignore),
    default: 'none',
    doc: 'Which files and folders to leave out, with all that is in them.',
  },
  encoding: {
    expected: "'utf-8' or 'buffer'",
    accepts: oneOf('utf-8', 'buffer'),
    value: 'utf-8',
    doc: 'What paths are: text, or the bytes that names on disk are.',
  },
  stat: {
    expected: 'true or false',
    accepts: isFlag,
    value: true,
    doc: 'Whether files have `size` and `modified`, which have to be asked for one by one.',
  },
  onUnreadable: {
    expected: 'a function of { path, error }',
    accepts: told => typeof told === 'function',
    default: 'it is an item, with its `error`',
    doc: 'Is told of what cannot be read; items are files alone then.',
  },
} satisfies Options

/**
 * A source: the regular files in a folder and all folders below it, `{ path, size, modified }`.
 *
 *     pipeline('photos').from(directory('Pictures', { glob: '**' + '/*.{jpg,png}', ignore: '**' + '/.git' }))
 *
 * The order is always the same: by the bytes of the names, a folder's files where its name stands. Paths begin with the
 * folder as it was written, as those of `find` do. Links are neither given nor followed, unless the folder itself is one;
 * nor are devices, pipes and sockets given. One folder for each level is in memory.
 *
 * A folder that cannot be listed, the first one too, and an entry that cannot be looked at do not end the run. Each is an
 * item of its own, `{ path, error }`: `if (entry.error) throw entry.error` in the first stage makes it a dead letter, or
 * ends the run, as `onFailure` says. Or `onUnreadable` is told of it. So is a name that is not UTF-8: no text is that name,
 * and `encoding: 'buffer'` opens it.
 *
 * Patterns are those of picomatch, with `/` on every system: a star does not match what begins with a dot, unless the
 * pattern says the dot. Folders that no pattern can reach into are not listed.
 *
 * @throws {InvalidOption} for a path that is none.
 * @throws {InvalidOptions}
 */
export function directory<Encoding extends 'utf-8' | 'buffer' = 'utf-8', Stat extends boolean = true>(
  path: string | URL,
  options: DirectoryOptions<Encoding, Stat> & { onUnreadable: (entry: UnreadableEntry<PathOf<Encoding>>) => void },
): () => AsyncGenerator<FoundFile<PathOf<Encoding>, FactsOf<Stat>>, void>
export function directory<Encoding extends 'utf-8' | 'buffer' = 'utf-8', Stat extends boolean = true>(
  path: string | URL,
  options?: DirectoryOptions<Encoding, Stat>,
): () => AsyncGenerator<Entry<PathOf<Encoding>, FactsOf<Stat>>, void>
export function directory(path: string | URL, options: DirectoryOptions = {}): () => AsyncGenerator<unknown, void> {
  checkFile(path, directory)
  checkOptions(options, directoryOptions, 'directory')
  const root = path instanceof URL ? fileURLToPath(path) : path
  return () => walk(root, options)
}

type PathOf<Encoding> = Encoding extends 'buffer' ? Buffer : string
type FactsOf<Stat> = Stat extends false ? unknown : FileFacts

/** An entry of a folder that is wanted, or whose files may be. */
interface Met {
  readonly path: Buffer
  /** Its path below the root, as text. */
  readonly below: string
  readonly isFolder: boolean
  readonly isText: boolean
  facts?: Promise<FileFacts | undefined>
}

const atOnce = 16 // files that are looked at

async function* walk(root: string, options: DirectoryOptions): AsyncGenerator<unknown, void> {
  const { encoding = 'utf-8', stat = true, onUnreadable } = options
  const choice = choiceOf(options)
  const named = (path: Buffer) => (encoding === 'buffer' ? path : path.toString())

  /** What is left to do in each folder on the way to where it is; the last of the last is the next. */
  const levels: Met[][] = [[{ path: Buffer.from(root), below: '', isFolder: true, isText: true }]]
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const met = level.pop()
    if (!met) {
      levels.pop()
      continue
    }
    const { path, isFolder, isText } = met
    let file: unknown
    try {
      if (encoding === 'utf-8' && !isText) throw new Error("its name is not UTF-8: say encoding: 'buffer'")
      if (isFolder) levels.push(await list(met, choice))
      else if (stat) {
        const facts = await look(met, level)
        if (facts) file = { path: named(path), ...facts }
      } else file = { path: named(path) }
    } catch (error) {
      const unreadable = { path: named(path), error: error as Error }
      if (onUnreadable) onUnreadable(unreadable as UnreadableEntry<any>)
      else yield unreadable
    }
    if (file) yield file
  }
}

/** What is wanted of a folder; the last is the first. */
async function list({ path: folder, below }: Met, { isWanted, mayLead }: Choice): Promise<Met[]> {
  const entries: Dirent<Buffer>[] = await readdir(folder, { encoding: 'buffer', withFileTypes: true })
  const met: Met[] = []
  for (const entry of entries.sort((a, b) => Buffer.compare(b.name, a.name))) {
    const isFolder = entry.isDirectory()
    if (!isFolder && !entry.isFile()) continue
    const inside = below === '' ? entry.name.toString() : `${below}/${entry.name}`
    if (!(isFolder ? mayLead(inside) : isWanted(inside))) continue
    met.push({ path: join(folder, entry.name), below: inside, isFolder, isText: isUtf8(entry.name) })
  }
  return met
}

/** Size and time of a file, or nothing if it is none any more; those that come after it are looked at meanwhile. */
function look(met: Met, level: readonly Met[]): Promise<FileFacts | undefined> {
  for (const next of [...level.slice(1 - atOnce), met]) {
    if (next.isFolder || next.facts) continue
    next.facts = lstat(next.path).then(stat =>
      stat.isFile() ? { size: stat.size, modified: stat.mtimeMs } : undefined,
    )
    next.facts.catch(() => {}) // it is heard when its turn comes, if it does
  }
  return met.facts!
}

interface Choice {
  isWanted(file: string): boolean
  /** Whether files below a folder may be wanted. */
  mayLead(folder: string): boolean
}

function choiceOf({ glob, ignore }: DirectoryOptions): Choice {
  const isIgnored = ignore === undefined ? () => false : picomatch([ignore].flat(), { dot: true })
  if (glob === undefined) return { isWanted: file => !isIgnored(file), mayLead: folder => !isIgnored(folder) }
  const globs = [glob].flat()
  const matches = picomatch(globs)
  const reaches = globs.map(reachOf)
  return {
    isWanted: file => matches(file) && !isIgnored(file),
    mayLead: folder => reaches.some(reach => reach(folder)) && !isIgnored(folder),
  }
}

/** Whether a pattern can match below a folder: by the names that it begins with, and by how deep it goes. */
function reachOf(glob: string): (folder: string) => boolean {
  const { base, negated } = picomatch.scan(glob)
  if (negated) return () => true
  const names = base === '' ? [] : base.split('/')
  const depth = /\*\*|[{(]/.test(glob) ? Infinity : glob.split('/').length
  return folder => {
    const path = folder.split('/')
    return path.length < depth && names.every((name, index) => index >= path.length || path[index] === name)
  }
}

function arePatterns(values: readonly unknown[]): boolean {
  return values.length > 0 && values.every(pattern => typeof pattern === 'string' && pattern !== '')
}

const slash = Buffer.from('/')

/** What `find` prints: the folder as it was written, one slash, the name. */
function join(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat(folder.at(-1) === slash[0] ? [folder, name] : [folder, slash, name])
}
