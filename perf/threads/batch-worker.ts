/** The other side of `peers/post-message.ts`. */
import { parentPort, workerData } from 'node:worker_threads'
import { type Kind, type KindName, kinds } from './kinds.ts'

const { handle }: Kind = kinds[workerData.handler as KindName]
parentPort!.on('message', (batch: unknown[]) => parentPort!.postMessage(batch.map(item => handle(item))))
