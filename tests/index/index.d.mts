/** Types of the local package index (plain JavaScript, so that benches and packaging scripts run it unbuilt). */
import type { IncomingHttpHeaders } from 'node:http'

/** `noise` is a number of bytes that do not compress, the same for the same path. */
export type FileContent = string | { base64: string } | { noise: number }

/** One release of an invented project. Everything is optional: `{}` is a pure wheel with one module. */
export interface Release {
  summary?: string
  requires?: string[]
  requires_python?: string
  extras?: Record<string, string[]>
  scripts?: Record<string, string>
  gui_scripts?: Record<string, string>
  entry_points?: Record<string, Record<string, string>>
  /** Path in the wheel -> content. By default one package with `__version__`. */
  files?: Record<string, FileContent>
  /** Below `<name>-<version>.data/`, such as `scripts/tool` or `data/share/doc.txt`. */
  data?: Record<string, FileContent>
  /** More files of the `.dist-info` directory. */
  dist_info?: Record<string, FileContent>
  /** One wheel per tag; `py3-none-any` by default. */
  tags?: string[]
  /** Root-Is-Purelib when it shall not follow from the platform tag. */
  pure?: boolean
  wheel?: false
  sdist?: true | SdistOptions
  yanked?: boolean | string
  uploaded?: string
  defect?: WheelDefect
}

export interface SdistOptions {
  backend?: 'tiny' | 'in-tree' | 'setup.py' | 'missing-backend'
  /** Metadata cannot be trusted without a build. */
  dynamic?: boolean
  files?: Record<string, string>
  fail?: string
  print?: string
  defect?: 'path-traversal' | 'symlink' | 'truncated'
}

export type WheelDefect =
  | 'truncated'
  | 'not-a-zip'
  | 'bad-crc'
  | 'lying-size'
  | 'duplicate-entry'
  | 'path-traversal'
  | 'absolute-path'
  | 'backslash-path'
  | 'symlink'
  | 'record-hash'
  | 'unrecorded-file'
  | 'no-record'
  | 'no-metadata'
  | 'no-wheel-file'
  | 'wheel-version'
  | 'wrong-name'
  | 'wrong-version'
  /** The page states another SHA-256 than the file has. */
  | 'hash-mismatch'
  /** The `.metadata` file differs from METADATA in the wheel. */
  | 'metadata-mismatch'
  /** The page states another SHA-256 for `.metadata` than it has. */
  | 'wrong-metadata-hash'
  /** Sound, but written with data descriptors. */
  | 'streamed'
  /** Sound, but uncompressed. */
  | 'stored'

export type Packages = Record<string, Record<string, Release>>

export interface PageFile {
  filename: string
  size?: number
  hashes: Record<string, string>
  'requires-python'?: string
  'upload-time'?: string
  yanked?: boolean | string
  'core-metadata'?: boolean | Record<string, string>
  'dist-info-metadata'?: boolean | Record<string, string>
}

export interface Page {
  name: string
  versions?: string[]
  /** PEP 792. */
  status?: string
  files: PageFile[]
}

export interface SourceFile {
  size: number
  etag: string
  read(start: number, end: number): Promise<Buffer>
}

/** Where an index has its pages and files from. */
export interface Source {
  names(): string[] | Promise<string[]>
  page(name: string): Promise<Page | null>
  file(filename: string): Promise<SourceFile | null>
}

/** Applies to requests whose path contains `path` (all without it), at most `times` times. */
export interface Fault {
  path?: string
  /** And ends with this. */
  end?: string
  method?: string
  times?: number
  /** So many requests are answered well before. */
  after?: number
  delayMs?: number
  /** The connection is reset before an answer. */
  reset?: boolean
  status?: number
  retryAfter?: number
  location?: string
  body?: string | Buffer
  /** Of the answer, whatever else it would have said. */
  headers?: Record<string, string>
  /** The connection ends after so many bytes of the body. */
  cutAfter?: number
  /** Nothing more comes after so many bytes of the body, and the connection stays. */
  stallAfter?: number
  /** So many bytes of the body at a time, every 10 ms. */
  drip?: number
  /** One bit of this byte of the body is another. */
  flipAt?: number
  /** Content-Length states so many more bytes than there are. */
  lengthOff?: number
  /** The file is another one of the same size; `sameTag`: its ETag is that of the right one. */
  swapped?: 'newTag' | 'sameTag'
  /**
   * What is wrong with a part: the whole comes instead, other bytes than were asked for, half of them, a Content-Range
   * of something else, none at all, or the refusal of a part that is there.
   */
  range?: 'whole' | 'shifted' | 'half' | 'other-header' | 'no-header' | 'refused'
}

export type Auth = ({ user: string; password: string } | { token: string }) & {
  /** `false`: files are open, only pages are not. */
  files?: false
  wrongStatus?: number
}

export interface IndexOptions {
  packages?: Packages
  /** A recorded index, made by `benches/record.mjs`. */
  directory?: string
  source?: Source
  port?: number
  latencyMs?: number
  /** Bytes per second and response. */
  bandwidth?: number
  /** Bytes per second of all responses together, as on one line to the index. */
  linkBandwidth?: number
  /** `false`: no PEP 658 metadata, neither declared nor served. */
  metadata?: boolean
  /** `false`: HTML only. */
  json?: boolean
  ranges?: boolean
  gzip?: boolean
  cacheHeaders?: boolean
  cacheControl?: string
  absoluteUrls?: boolean
  auth?: Auth
  /** What a project page says of its project (PEP 792). */
  statuses?: Record<string, string>
  faults?: Fault[]
}

export interface LoggedRequest {
  method: string
  path: string
  headers: IncomingHttpHeaders
  /** 0 when the connection ended without an answer. */
  status: number
  bytes: number
}

export interface LocalIndex {
  /** The address for `--index-url`, ending in `/simple/`. */
  url: string
  origin: string
  port: number
  requests: LoggedRequest[]
  addFault(fault: Fault): void
  clearFaults(): void
  /** From the next request on. */
  setNetwork(network: { latencyMs?: number; linkBandwidth?: number }): void
  close(): Promise<void>
}

export function startIndex(options?: IndexOptions): Promise<LocalIndex>

/** What an index of these packages serves. */
export function inventedSource(packages: Packages): Source

/** The files of the releases, for installers that take a directory. */
export function inventedFiles(packages: Packages): { filename: string; bytes: Buffer; metadata?: string }[]
