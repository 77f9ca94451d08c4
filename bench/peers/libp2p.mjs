// usage: libp2p.mjs bulk|rpc|conn     js-libp2p over its QUIC transport
//        libp2p.mjs dht NODES         its kad-dht, all nodes in this process
import { createLibp2p } from 'libp2p'
import { quic } from '@chainsafe/libp2p-quic'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'
import { farSide, load, bulk, ready, report, now, at } from './measure.mjs'

const [what, far] = process.argv.slice(2)
const BYTES = 256 * 1048576
const SINK = '/bench/sink/1'
const CALL = '/bench/call/1'
const ECHO = '/bench/echo/1'
const MANY = { maxInboundStreams: 4096, maxOutboundStreams: 4096 }

const node = (services = {}) => createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/udp/0/quic-v1'] },
  transports: [quic({ maxConcurrentStreamLimit: 4096 })],
  connectionManager: {
    maxConnections: 5000,
    maxIncomingPendingConnections: 1000,
    inboundConnectionThreshold: 1e6,
    reconnectRetries: 0
  },
  connectionMonitor: { enabled: false },
  services
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
  const nodes = await Promise.all(Array.from({ length: 8 }, () => node()))
  const one = async caller => {
    const connection = await nodes[caller].dial(to, { force: true })
    await Promise.race([
      connection.close().catch(() => {}), new Promise(resolve => setTimeout(resolve, 1000))
    ])
  }
  await load(40, 8, one)
  return { one_at_a_time: await load(300, 1, one), eight_at_once: await load(600, 8, one) }
}

/** One node after another finds one that it was made to forget. */
async function lookups (count) {
  const nodes = []
  for (let i = 0; i < count; i++) {
    nodes.push(await node({
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        clientMode: false, peerInfoMapper: passthroughMapper, initialQuerySelfInterval: 200
      })
    }))
    if (i > 0) await nodes[i].dial(nodes[Math.floor(Math.random() * i)].getMultiaddrs())
  }
  await new Promise(resolve => setTimeout(resolve, 8000)) // they look for themselves meanwhile
  const took = []
  let messages = 0
  let missed = 0
  const begun = now()
  while (took.length + missed < 500 && now() - begun < 20000) {
    const asker = nodes[Math.floor(Math.random() * count)]
    const target = nodes[Math.floor(Math.random() * count)]
    if (asker === target) continue
    for (const connection of asker.getConnections(target.peerId)) await connection.close()
    await asker.peerStore.delete(target.peerId)
    let queries = 0
    let found = false
    const t = now()
    try {
      const options = { signal: AbortSignal.timeout(5000) }
      for await (const event of asker.services.dht.findPeer(target.peerId, options)) {
        if (event.name === 'SEND_QUERY') queries++
        if (event.name === 'FINAL_PEER') {
          found = true
          break
        }
      }
    } catch {
      // not found in time
    }
    if (!found) {
      missed++
    } else if (queries > 0) { // else it knew the target after all
      took.push(now() - t)
      messages += queries
    }
  }
  return {
    p50_ms: at(took, 0.5),
    p99_ms: at(took, 0.99),
    messages: messages / took.length,
    n: took.length,
    not_found: missed
  }
}

if (what === 'dht') {
  report(await lookups(Number(far)))
} else if (far) {
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
