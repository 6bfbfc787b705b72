/** What `send` and `ask` hand in; they wait in line while there is no room. */
import { fullness, offer } from '../../channel/overflow.ts'
import type { Origin, Tag } from '../../channel/ticket.ts'
import { ChannelFull, SendAfterEnd, UndefinedItem } from '../../errors.ts'
import type { Inlet, Source } from './source.ts'

interface Waiting {
  readonly item: unknown
  /** Of an item that was asked for. */
  readonly origin: Origin | undefined
  readonly sent: () => void
  readonly failed: (error: unknown) => void
}

export class SentSource implements Source {
  received = 0
  readonly #inlet: Inlet
  /** In line are those from `#first` on. */
  #line: Waiting[] = []
  #first = 0
  #isEnded = false
  #isKilled = false

  constructor(inlet: Inlet) {
    this.#inlet = inlet
    inlet.channel.onRoom = () => this.resume()
  }

  start(): void {
    this.resume()
  }

  send(item: unknown, origin?: Origin): Promise<void> {
    const { pipeline, pump } = this.#inlet.host
    if (this.#isEnded) return Promise.reject(new SendAfterEnd(pipeline, item))
    if (item === undefined) return Promise.reject(new UndefinedItem('send', this.received + this.#waiting))
    return new Promise((resolve, reject) => {
      this.#line.push({ item, origin, sent: resolve, failed: reject })
      this.resume()
      pump()
    })
  }

  get #waiting(): number {
    return this.#line.length - this.#first
  }

  resume(): void {
    const { channel, overflow, entrance } = this.#inlet
    while (this.#waiting > 0 && entrance.isOpen && !this.#isKilled) {
      if (overflow === 'wait' && channel.full()) {
        channel.blocked = true
        return
      }
      this.#take(this.#shift())
    }
    if (this.#isEnded && this.#waiting === 0) channel.end('done')
  }

  #shift(): Waiting {
    const first = this.#line[this.#first++]!
    // Taking the first of an array moves all others: not for each of them.
    if (this.#first > 1000 && this.#first > this.#waiting) {
      this.#line = this.#line.slice(this.#first)
      this.#first = 0
    }
    return first
  }

  #take({ item, origin, sent, failed }: Waiting): void {
    const { channel, overflow, host } = this.#inlet
    if (origin?.forsaken) return
    if (overflow === 'fail' && channel.full()) return failed(new ChannelFull(host.stage, fullness(channel)))
    this.received++
    const now = host.time
    const fate = offer(channel, overflow, host.stage, item, this.#tag(origin), now, now)
    if (fate === 'dropped') host.dropped(channel.dropped)
    sent()
  }

  /** An asked item that holds a slot end to end gives it back with its answer. */
  #tag(origin: Origin | undefined): Tag | undefined {
    const admitted = this.#inlet.entrance.admit()
    if (!origin) return admitted
    if (admitted) origin.also(() => admitted.origin?.close())
    return { origin, hold: undefined }
  }

  /** What waits in line is still taken. */
  end(): void {
    this.#isEnded = true
    if (this.#waiting === 0) this.#inlet.channel.end('done')
  }

  kill(): void {
    this.#isEnded = true
    this.#isKilled = true
  }

  /** The run is over: what waits in line is not taken. */
  refuse(error: unknown): void {
    this.kill()
    for (const { failed } of this.#line.splice(0).slice(this.#first)) failed(error)
    this.#first = 0
  }
}
