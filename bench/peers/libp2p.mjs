// usage: libp2p.mjs bulk|rpc|conn     js-libp2p over its QUIC transport
import { createLibp2p } from 'libp2p'
import { quic } from '@chainsafe/libp2p-quic'
import { multiaddr } from '@multiformats/multiaddr'
import { farSide, load, bulk, ready, report } from './measure.mjs'

const [what, far] = process.argv.slice(2)
const BYTES = 256 * 1048576
const SINK = '/bench/sink/1'
const CALL = '/bench/call/1'
const ECHO = '/bench/echo/1'
const MANY = { maxInboundStreams: 4096, maxOutboundStreams: 4096 }

const node = () => createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] },
  transports: [quic({ maxConcurrentStreamLimit: 4096 })],
  connectionManager: {
    maxConnections: 5000, maxIncomingPendingConnections: 1000, inboundConnectionThreshold: 1e6
  },
  connectionMonitor: { enabled: false }
})

// Closing a connection from both ends at once throws out of band in this version.
for (const kind of ['uncaughtException', 'unhandledRejection']) {
  process.on(kind, e => { if (process.env.SHOW) console.error(e) })
}

/** Waits for n bytes more, call by call. */
function reader (stream) {
  let have = 0
  let want = 0
  let done = null
  stream.addEventListener('message', event => {
    have += event.data.byteLength
    if (done && have >= want) {
      have -= want
      const resolve = done
      done = null
      resolve()
    }
  })
  return n => {
    if (have >= n) {
      have -= n
      return Promise.resolve()
    }
    return new Promise(resolve => {
      want = n
      done = resolve
    })
  }
}

async function serve () {
  const server = await node()
  await server.handle(SINK, stream => {
    let bytes = 0
    stream.addEventListener('message', event => {
      bytes += event.data.byteLength
      if (bytes === BYTES) stream.send(new Uint8Array(1))
    })
  }, MANY)
  await server.handle(ECHO, stream => {
    stream.addEventListener('message', event => stream.send(event.data))
  }, MANY)
  await server.handle(CALL, stream => {
    let bytes = 0
    stream.addEventListener('message', event => {
      bytes += event.data.byteLength
      if (bytes === 256) {
        stream.send(new Uint8Array(256))
        stream.close().catch(() => {})
      }
    })
  }, MANY)
  ready({ address: server.getMultiaddrs()[0].toString() })
}

async function oneBulk (connection) {
  const stream = await connection.newStream(SINK, MANY)
  const read = reader(stream)
  const chunk = new Uint8Array(65536)
  for (let sent = 0; sent < BYTES; sent += chunk.length) {
    if (!stream.send(chunk)) await stream.onDrain()
  }
  await read(1)
  stream.close().catch(() => {})
}

async function rpc (connection) {
  const request = new Uint8Array(256)
  const call = async () => {
    const stream = await connection.newStream(CALL, MANY)
    const read = reader(stream)
    stream.send(request)
    await read(256)
    stream.close().catch(() => {})
  }
  await load(500, 8, call)
  const figures = { new_stream_1: await load(2000, 1, call), new_stream_32: await load(5000, 32, call) }
  for (const count of [1, 32]) {
    const streams = []
    for (let i = 0; i < count; i++) {
      const stream = await connection.newStream(ECHO, MANY)
      streams.push({ stream, read: reader(stream) })
    }
    const ask = async caller => {
      streams[caller].stream.send(request)
      await streams[caller].read(256)
    }
    await load(1000, count, ask)
    figures[`kept_stream_${count}`] = await load(count === 1 ? 5000 : 20000, count, ask)
  }
  return figures
}

async function connections (to) {
  // A node joins its dials to one peer into one, so dialling at once takes several nodes.
  const nodes = await Promise.all(Array.from({ length: 8 }, node))
  const one = async caller => {
    const connection = await nodes[caller].dial(to, { force: true })
    await Promise.race([
      connection.close().catch(() => {}), new Promise(resolve => setTimeout(resolve, 1000))
    ])
  }
  await load(40, 8, one)
  return { one_at_a_time: await load(300, 1, one), eight_at_once: await load(600, 8, one) }
}

if (far) {
  await serve()
} else {
  const server = await farSide(what, 'far')
  const to = multiaddr(server.address)
  let figures
  if (what === 'conn') {
    figures = await connections(to)
  } else {
    const connection = await (await node()).dial(to)
    figures = what === 'bulk'
      ? await bulk(BYTES, 3, () => oneBulk(connection))
      : await rpc(connection)
  }
  server.kill()
  report(figures)
}
