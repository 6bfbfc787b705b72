import { limits } from './limits.contract.ts'

limits('processes')
