import CloudCore
import Glibc
import Logging
import Synchronization
import Testing

@testable import CloudHost

/// A directory for one test, gone with it.
final class Scratch {
    let dirs: InstanceDirs
    init() throws {
        dirs = try InstanceDirs(state: "/tmp/akashi-host-\(Hex.string(SystemDice().roll()))")
    }
    deinit {
        try? dirs.removeRun()
        try? Files.remove(dirs.state)
    }
}

@Suite struct ProcessTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }
    var log: String { scratch.dirs.logs + "/test.log" }

    @Test func aHandleFindsItsProcessAgainAndNoOther() async throws {
        let handle = try Spawn.detached(["sleep", "60"], environment: Spawn.plainEnvironment, log: log)
        let path = scratch.dirs.run + "/sleep.process"
        try handle.save(path)
        #expect(ProcessHandle.load(path) == handle)
        #expect(handle.isAlive)
        let other = ProcessHandle(text: "\(handle.pid) \(handle.started + 1) \(handle.boot)")!
        #expect(!other.isAlive && !other.signal(SIGKILL))
        let before = ProcessHandle(text: "\(handle.pid) \(handle.started) another-boot")!
        #expect(!before.isAlive && !before.signal(SIGKILL))
        #expect(await handle.exit(within: .milliseconds(50)) == false)
        let start = ContinuousClock.now
        try await handle.stop(grace: .seconds(5))
        #expect(!handle.isAlive)
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test func endsWhatIgnoresSIGTERM() async throws {
        let handle = try Spawn.detached(
            ["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"],
            environment: Spawn.plainEnvironment, log: log)
        while Files.line(log) != "ready" { try await Task.sleep(for: .milliseconds(5)) }
        try await handle.stop(grace: .milliseconds(200))
        #expect(!handle.isAlive)
    }

    @Test func aDaemonHasItsOwnSessionAndNoDescriptorOfOurs() async throws {
        let handle = try Spawn.detached(["sleep", "60"], environment: Spawn.plainEnvironment, log: log)
        #expect(try Set(Files.names(in: "/proc/\(handle.pid)/fd")) == ["0", "1", "2"])
        #expect(getsid(handle.pid) == handle.pid)
        try await handle.stop(grace: .seconds(1))
    }
}

@Suite struct SupervisorTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func restartsAtOnceAdoptsAndStops() async throws {
        let restarts = Mutex<[ContinuousClock.Instant]>([])
        let first = Supervisor(dirs: scratch.dirs, logger: logger) { _ in
            restarts.withLock { $0.append(.now) }
        }
        let spec = DaemonSpec(name: "sleeper", argv: ["sleep", "60"])
        try await first.start(spec)
        let one = try #require(await first.process("sleeper"))
        let killed = ContinuousClock.now
        one.signal(SIGKILL)
        while restarts.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
        #expect(restarts.withLock { $0[0] } - killed < .milliseconds(500))
        let two = try #require(await first.process("sleeper"))
        #expect(two != one)

        await first.release()
        let second = Supervisor(dirs: scratch.dirs, logger: logger)
        try await second.start(spec)
        #expect(await second.process("sleeper") == two)
        try await second.stop()
        #expect(!two.isAlive)
    }

    @Test func runsInANamespaceAsTheProcessThatWasStarted() async throws {
        let namespace = scratch.dirs.namespace("d")
        try await namespace.ensure()
        let supervisor = Supervisor(dirs: scratch.dirs, logger: logger)
        try await supervisor.start(
            DaemonSpec(name: "inside", argv: ["sleep", "60"], namespace: namespace) {
                (try? await Command.run(["ip", "netns", "pids", namespace.name]).text.isEmpty) == false
            })
        let process = try #require(await supervisor.process("inside"))
        #expect(try await Command.run(["ip", "netns", "pids", namespace.name]).text == String(process.pid))
        try await supervisor.stop()
        try await namespace.remove()
    }

    @Test func aProgramThatDiesOnceAtItsStartIsStartedAgain() async throws {
        let supervisor = Supervisor(dirs: scratch.dirs, logger: logger)
        let mark = scratch.dirs.run + "/died"
        let spec = DaemonSpec(
            name: "nervous", argv: ["sh", "-c", "test -e \(mark) && exec sleep 60; touch \(mark); sleep 0.05; exit 1"]
        ) {
            try? await Task.sleep(for: .milliseconds(100))
            return await supervisor.process("nervous").flatMap { Files.line("/proc/\($0.pid)/comm") } == "sleep"
        }
        try await supervisor.start(spec)
        #expect(await supervisor.process("nervous") != nil)
        try await supervisor.stop()
    }

    @Test func aProgramThatDiesAtOnceIsUnavailable() async throws {
        let supervisor = Supervisor(dirs: scratch.dirs, logger: logger)
        let spec = DaemonSpec(name: "broken", argv: ["sh", "-c", "echo out of order; sleep 0.05; exit 1"]) {
            try? await Task.sleep(for: .milliseconds(200))
            return false
        }
        await #expect {
            try await supervisor.start(spec)
        } throws: {
            ($0 as? CloudError)?.code == .unavailable
        }
        try await supervisor.stop()
    }
}

@Suite struct NamespaceTests {
    @Test func isMadeOnceAndRemoved() async throws {
        let namespace = NetworkNamespace("akt-\(Hex.string(SystemDice().roll()).prefix(8))")
        try await namespace.ensure()
        try await namespace.ensure()
        #expect(namespace.isThere)
        #expect(try await Command.run(namespace.enter(["ip", "-o", "link"])).text.contains("LOOPBACK,UP"))
        try await namespace.remove()
        try await namespace.remove()
        #expect(!namespace.isThere && !Files.exists(namespace.path))
    }

    @Test func aStaleFileIsReplaced() async throws {
        let namespace = NetworkNamespace("akt-\(Hex.string(SystemDice().roll()).prefix(8))")
        mkdir("/run/netns", 0o755)
        try Files.write([], to: namespace.path)
        try await namespace.ensure()
        #expect(namespace.isThere)
        try await namespace.remove()
    }
}
