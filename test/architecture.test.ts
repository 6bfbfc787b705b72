/** The layers of DESIGN §7, read from the sources: who may import whom. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

/** Bottom first; `.` are the files at the top of src. A file may import from its own layer and from those below it. */
const layers = [
  ['.'],
  ['ring'],
  ['memory'],
  ['codec'],
  ['metrics'],
  ['channel'],
  ['actor'],
  ['runtime'],
  ['stage'],
  ['supervisor'],
  ['scheduler'],
  ['pipeline', 'model'],
  ['observe'],
  ['testing'],
  ['cli'],
  ['far'],
]
/** Where a process or a thread begins: these do something. */
const entries = ['cli/main.ts', 'far/watchdog.ts']
const bottom = ['messages.ts', 'nearest.ts', 'errors.ts', 'options.ts', 'clock.ts', 'jumping-clock.ts']

const root = fileURLToPath(new URL('../../', import.meta.url))
const architecture = suite('architecture')

architecture('imports only point downward', () => {
  const upward: string[] = []
  for (const file of layered()) {
    for (const { target } of importsOf('src', file)) {
      if (target.startsWith('.') && layerOf(resolved(file, target)) > layerOf(file)) upward.push(`${file} → ${target}`)
    }
  }
  assert.equal(upward, [])
})

architecture('src/surface.ts is a list, and nobody looks up to it but what is built for workers elsewhere', () => {
  const text = readFileSync(join(root, 'src/surface.ts'), 'utf8').replace(/\/\*.*?\*\//gs, '')
  assert.is(text.replace(/export (type )?\{[^}]*\} from '[^']+'/g, '').trim(), '')
  const users = sourcesOf('src').filter(file =>
    importsOf('src', file).some(
      ({ target }) => target.startsWith('.') && ['index.ts', 'surface.ts'].includes(resolved(file, target)),
    ),
  )
  assert.equal(users, ['far/main.ts'])
})

architecture('the shelf of actors stands on the public surface alone', () => {
  const others: string[] = []
  for (const file of sourcesOf('actors')) {
    for (const { target } of importsOf('actors', file)) {
      if (!target.startsWith('.')) continue
      const path = resolved(`actors/${file}`, target)
      if (path !== 'src/index.ts' && !path.startsWith('actors/')) others.push(`${file} → ${target}`)
    }
  }
  assert.equal(others, [])
})

architecture('examples import the package by its name, as whoever copies them will', () => {
  const others: string[] = []
  for (const file of sourcesOf('examples')) {
    for (const { target } of importsOf('examples', file)) {
      if (!target.startsWith('.')) continue
      const path = resolved(`examples/${file}`, target)
      if (!path.startsWith('examples/')) others.push(`${file} → ${target}`)
    }
  }
  assert.equal(others, [])
})

architecture('no item goes through RxJS or XState: up to the stage, they are types at most', () => {
  const heavy: string[] = []
  for (const file of layered().filter(file => layerOf(file) <= layerOf('stage/'))) {
    for (const { target, erased } of importsOf('src', file)) {
      if (/^(rxjs|xstate)\b/.test(target) && !erased) heavy.push(`${file} → ${target}`)
    }
  }
  assert.equal(heavy, [])
})

architecture('src imports what package.json lists, and Node', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object }
  const unlisted: string[] = []
  for (const folder of ['src', 'actors']) {
    for (const file of sourcesOf(folder)) {
      for (const { target } of importsOf(folder, file)) {
        if (/^(\.|node:)/.test(target) || Object.hasOwn(dependencies, target) || /^#(engine|surface)$/.test(target))
          continue
        unlisted.push(`${folder}/${file} → ${target}`)
      }
    }
  }
  assert.equal(unlisted, [])
})

architecture('a module does nothing when it is imported, whoever imports it first', async () => {
  const timers = () => process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length
  const before = timers()
  for (const [folder, files] of [
    ['src', sourcesOf('src').filter(file => !entries.includes(file))],
    ['actors', sourcesOf('actors')],
  ] as const) {
    for (const file of files.reverse()) await import(`../${folder}/${file.replace(/ts$/, 'js')}`)
  }
  assert.ok(timers() <= before)
})

architecture.run()

/** Names below a folder, with `/` on every system. */
function sourcesOf(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names
    .map(name => name.replaceAll(sep, '/'))
    .filter(name => name.endsWith('.ts'))
    .sort()
}

function layered(): string[] {
  return sourcesOf('src').filter(file => !['index.ts', 'surface.ts', 'far/main.ts'].includes(file))
}

/** What a module imports; `erased`: as types only, so that nothing of it is left when the program runs. */
function importsOf(folder: string, file: string): { target: string; erased: boolean }[] {
  const text = readFileSync(join(root, folder, file), 'utf8').replace(/\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, '')
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  // `import('…')` waits for its module at run time or names a type; which, is not worth a parser: it counts as the former,
  // unless it stands where only a type can.
  const inline = text.matchAll(/([:<|&]\s*)?\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)
  return [...statements, ...inline].map(([, erased, target]) => ({ target: target!, erased: erased !== undefined }))
}

/** The path that `target` means in `file`, both from the same root. */
function resolved(file: string, target: string): string {
  return posix.normalize(posix.join(dirname(file), target))
}

function layerOf(file: string): number {
  const folder = file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
  assert.ok(folder !== '.' || bottom.includes(file), `src/${file} is none of the bottom: ${bottom.join(', ')}`)
  const layer = layers.findIndex(folders => folders.includes(folder))
  assert.ok(layer >= 0, `src/${folder} is no known layer`)
  return layer
}
