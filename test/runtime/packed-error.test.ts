import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../src/runtime/remote/packed-error.ts'

const errors = suite('an error that travels')

class Refused extends Error {
  readonly status: number
  override readonly name = 'Refused'

  constructor(status: number, cause: { readonly message: string }) {
    // Called without it, it throws.
    super(`status ${status}, ${cause.message}`, { cause })
    this.status = status
  }
}

const classes = (name: string) => (name === 'Refused' ? Refused : undefined)
/** There and back, as a message takes it. */
const travelled = (error: unknown): any => unpack(structuredClone(pack(error)), classes)

errors('is of its class again, with its properties, and its constructor is not called', () => {
  const back = travelled(new Refused(503, new TypeError('busy')))
  assert.instance(back, Refused)
  assert.equal([back.name, back.message, back.status], ['Refused', 'status 503, busy', 503])
  assert.instance(back.cause, TypeError)
  assert.match(back.stack, /packed-error\.test/)
})

errors('of a class that is not known is an Error with that name', () => {
  class Local extends Error {
    override name = 'Local'
  }
  const back = travelled(new Local('mine'))
  assert.is(Object.getPrototypeOf(back), Error.prototype)
  assert.equal([back.name, back.message], ['Local', 'mine'])
})

errors('keeps the errors in it, and of its causes as many as one can read', () => {
  let chain = new Error('0')
  for (let n = 1; n < 30; n++) chain = new Error(`${n}`, { cause: chain })
  let length = 0
  for (let at = travelled(chain); at; at = at.cause) length++
  assert.is(length, 9)
  const all = travelled(new AggregateError(Array.from({ length: 40 }, (_, n) => new RangeError(`${n}`))))
  assert.is(all.errors.length, 16)
  assert.instance(all.errors[3], RangeError)
})

errors('whose cause is itself does not go round for ever', () => {
  const error = new Error('round') as Error & { cause?: unknown }
  error.cause = error
  assert.is(travelled(error).cause.message, 'round')
})

errors('may be anything', () => {
  for (const value of [undefined, null, 0, -0, 'text', 5n, { code: 5 }, [1]]) assert.equal(travelled(value), value)
  assert.is(travelled(Symbol('s')), 'Symbol(s)')
  assert.match(
    travelled(() => 5),
    /^\[Function/,
  )
  const proxy = new Proxy(
    {},
    {
      get() {
        throw new Error('no')
      },
      ownKeys() {
        throw new Error('no')
      },
    },
  )
  assert.type(travelled(proxy), 'string')
})

errors('loses what cannot be copied, and no more', () => {
  const back = travelled(Object.assign(new Error('x'), { fn: () => 1, detail: { n: 1 }, inner: new RangeError('in') }))
  assert.equal([back.detail, 'fn' in back], [{ n: 1 }, false])
})

errors('is a DOMException if it was one', () => {
  const back = travelled(new DOMException('took too long', 'TimeoutError'))
  assert.instance(back, DOMException)
  assert.equal([back.name, back.message, back.code], ['TimeoutError', 'took too long', 23])
})

errors.run()
