/**
 * A pipeline is an actor: the whole of one is a stage of another, and has workers like any other.
 *
 *     npm run build && node dist/examples/04-nested.js
 *
 * prints
 *
 *     saved 100 thumbnails, picture-000 to picture-099, 128 × 96
 *     saved 100 thumbnails, picture-100 to picture-199, 128 × 96
 *     saved 50 thumbnails, picture-200 to picture-249, 128 × 96
 */
import { pipeline } from 'millrace'
import { batch } from 'millrace/actors'
import { camera, save } from './images.ts'
import { thumbnail } from './thumbnail.ts'

const gallery = pipeline('gallery')
  .from(camera)
  .stage('thumbnails', thumbnail, { workers: 4, on: 'threads' }) // four, each with the whole of it
  .stage('batch', batch({ size: 100, within: 1_000 }))
  .stage('save', save)

await gallery.run().done
