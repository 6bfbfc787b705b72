/**
 * A worker in a process of its own: messages go over a socket, as bytes that this package wrote.
 *
 *     spawn ─▶ order ─▶ … ─▶ exit ─┐
 *                    socket closed ┴─▶ ended
 *
 * What a child has said is known when it has exited and its socket is closed. Which of its calls it had begun is not: so all
 * of them may have killed it, and the solo trial of each (charges.ts) says which did.
 *
 * It has a process group of its own: a Ctrl-C in the terminal is for the pipeline, which drains first; and what the child has
 * started ends with it.
 */
import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Line, LineEnd } from '../remote/line.ts'
import { outputGoesToStderr } from '../remote/output.ts'
import type { Order, ToWorker } from '../remote/protocol.ts'
import { environmentOf, flagsOf } from '../remote/resources.ts'
import { StreamReader, StreamWriter } from './stream.ts'

/** The first message. */
export interface ChildOrder {
  readonly type: 'order'
  readonly order: Order
}

const entry = fileURLToPath(new URL('../../far/bundle/main.js', import.meta.url))
const isWindows = process.platform === 'win32'
/** ms that a socket may stay open behind the exit of its process: somebody else may have it. */
const patience = 1_000

export function openChild(order: Order, name: string, end: LineEnd): Line {
  const writer = new StreamWriter()
  // Before there is a child: it may hold what cannot be sent.
  const first: ChildOrder = { type: 'order', order }
  const begin = writer.write(first)
  const { resources } = order
  writer.limit = resources.maxMessageBytes
  const { heapMB } = resources
  const heap = heapMB === undefined ? [] : [`--max-old-space-size=${heapMB}`]
  const child = spawn(process.execPath, [...flagsOf(resources), ...heap, entry, name, ...process.argv.slice(2)], {
    stdio: ['ignore', outputGoesToStderr() ? 2 : 'inherit', 'inherit', 'pipe'],
    env: environmentOf(resources),
    detached: !isWindows,
    windowsHide: true,
  })
  const socket = child.stdio[3] as Socket
  const reader = new StreamReader(message => end.heard(message))
  let exit: { code: number | null; signal: string | null } | undefined
  let isClosed = false
  let isEnded = false

  const kill = () => {
    try {
      if (isWindows || child.pid === undefined) child.kill('SIGKILL')
      else process.kill(-child.pid, 'SIGKILL')
    } catch {
      child.kill('SIGKILL') // it is gone, or has no group
    }
  }
  const settle = () => {
    if (!exit || !isClosed || isEnded) return
    isEnded = true
    end.ended({ exitCode: exit.code ?? undefined, signal: exit.signal ?? undefined, wasBegun: () => true })
  }
  const exited = (code: number | null, signal: string | null) => {
    exit ??= { code, signal }
    setTimeout(() => socket.destroy(), patience).unref()
    settle()
  }

  child.on('exit', exited)
  child.on('error', error => {
    end.failed(error)
    if (child.pid === undefined) {
      socket.destroy()
      exited(null, null)
    }
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.push(chunk)
    } catch (error) {
      end.failed(error)
      kill()
    }
  })
  // What is written to a child that is gone is lost, as its exit says.
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    // Without it a child is good for nothing: it has closed it, or is about to end.
    if (!exit) setTimeout(() => !exit && kill(), patience).unref()
    settle()
  })
  const write = (bytes: Buffer) => {
    if (socket.writable) socket.write(bytes)
  }
  const send = (message: ToWorker) => write(writer.write(message))
  write(begin)
  return {
    send,
    kill,
    hold: isHeld => {
      if (isHeld) {
        child.ref()
        socket.ref()
      } else {
        child.unref()
        socket.unref()
      }
    },
  }
}
