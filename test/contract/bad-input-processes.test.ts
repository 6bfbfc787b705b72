import { badInput } from './bad-input.contract.ts'

badInput('processes')
