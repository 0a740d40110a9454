import CloudCore
import Glibc
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import CloudHost

@Suite struct FramerTests {
    private func frames(_ pieces: [String], limit: Int = 100) throws -> [String] {
        var framer = JSONFramer(limit: limit)
        return try pieces.flatMap { piece in
            var buffer = ByteBuffer(string: piece)
            return try framer.take(&buffer).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test func findsEveryEndWhereverTheStreamIsCut() throws {
        let text = #"{"a":"}\"{\\"}[1,[2]] {"b":{}}"#
        let bytes = Array(text)
        for cut in 0...bytes.count {
            let found = try frames([String(bytes[..<cut]), String(bytes[cut...])])
            #expect(found.map { $0.filter { $0 != " " } } == [#"{"a":"}\"{\\"}"#, "[1,[2]]", #"{"b":{}}"#])
        }
    }

    @Test func refusesWhatIsTooLongOrNoJSON() {
        #expect(throws: JSONFramer.Broken.self) { try frames(["[" + String(repeating: "1", count: 200)]) }
        #expect(throws: JSONFramer.Broken.self) { try frames(["hello"]) }
        #expect(throws: JSONFramer.Broken.self) { try frames(["}"]) }
    }
}

@Suite struct JSONSocketTests {
    let scratch = try! Scratch()

    @Test func sendsReceivesAndTellsOfTheEndOnce() async throws {
        let path = scratch.dirs.run + "/echo"
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo()) }
            }
            .bind(unixDomainSocketPath: path).get()
        let got = Once<JSON>()
        let ended = Once<CloudError?>()
        let socket = try await JSONSocket.connect(path, onMessage: { got.give($0) }, onClose: { ended.give($0) })
        #expect(socket.peer.pid == getpid())
        socket.send(["text": "日本 \"}{", "number": 1])
        #expect(await got.value == ["text": "日本 \"}{", "number": 1])
        socket.close()
        #expect(await ended.value == nil)
        try await server.close()
        await #expect(throws: CloudError.self) {
            try await JSONSocket.connect(path, onMessage: { _ in }, onClose: { _ in })
        }
    }

    private final class Echo: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
    }
}

@Suite struct AcceleratorTests {
    let scratch = try! Scratch()

    @Test func theBootSectorFinishesUnderTranslation() async throws {
        #expect(KernelProbe.sector.count == 512)
        let done = try await Accelerator.finishes("tcg", cpu: "max", within: .seconds(20), scratch: scratch.dirs.run)
        #expect(done)
    }

    /// Whatever this machine has, the static and the functional check must come to one sentence; and where the boot
    /// sector does not finish, the answer must not be KVM.
    @Test func theProbeAnswersWhatTheBootSectorFinds() async throws {
        let answer = await Accelerator.probe(scratch: scratch.dirs.run)
        #expect(answer.why.hasSuffix("."))
        if Files.exists("/dev/kvm") {
            let works = try await Accelerator.finishes(
                "kvm", cpu: "host", within: .seconds(1), scratch: scratch.dirs.run)
            #expect(works || answer.kind == .tcg)
        }
        print("accelerator: \(answer.kind), \(answer.why)")
    }
}
