import { isolation } from './isolation.contract.ts'
import { rowContract } from './row.contract.ts'
import { contract } from './runtime.contract.ts'

contract('processes')
isolation('processes')
rowContract('processes')
