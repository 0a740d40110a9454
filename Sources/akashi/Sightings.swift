import CloudNetwork
import CloudServices
import Logging

/// Packets that the network logged, until the cloud has written them down. What comes too fast for that is forgotten,
/// oldest first.
final class Sightings: Sendable {
    private let stream: AsyncStream<[FlowSighting]>
    private let feed: AsyncStream<[FlowSighting]>.Continuation

    init() { (stream, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(8)) }

    func add(_ sightings: [FlowSighting]) { feed.yield(sightings) }

    func pass(to cloud: Cloud, _ logger: Logger) async {
        for await sightings in stream {
            do { try await cloud.flowsSeen(sightings) } catch {
                logger.warning("packets were not written down", metadata: ["why": "\(error)"])
            }
        }
    }
}
