import CloudCore
import CloudHost
import CloudStorage
import Glibc
import Testing

@testable import CloudVolumes

extension SurvivalTests {
    /// What encryption and our own handling cost, against QEMU's tools by hand. They are printed.
    @Suite("Figures", .enabled(if: getenv("AKASHI_VOLUME_FIGURES") != nil)) struct Figures {
        private static func time(_ what: String, _ body: () async throws -> Void) async throws {
            var best = Duration.seconds(3600)
            for _ in 0..<3 {
                let begin = ContinuousClock().now
                try await body()
                best = min(best, ContinuousClock().now - begin)
            }
            print("figure: \(what): \(best)")
        }

        @Test func ofDisks() async throws {
            let lab = try Lab()
            try await Self.time("an empty encrypted disk") { try await lab.pool.ensure(lab.disk(), from: nil) }
            let byHand = lab.dirs.state + "/hand.qcow2"
            try await Self.time("qemu-img create, plain") {
                try await Command.run(["qemu-img", "create", "-q", "-f", "qcow2", byHand, "1G"])
            }
            try await Self.time("remove a disk") {
                let disk = lab.disk()
                try await lab.pool.ensure(disk, from: nil)
                let begin = ContinuousClock().now
                try await lab.pool.remove(disk.layers[0].id)
                print("figure: remove alone: \(ContinuousClock().now - begin)")
            }
            let raw = lab.dirs.state + "/raw"
            try await Command.run(
                ["dd", "if=/dev/urandom", "of=\(raw)", "bs=1M", "count=1024", "status=none"], timeout: .seconds(120))
            let plain = lab.dirs.state + "/plain.qcow2"
            try await Self.time("1 GiB raw to plain qcow2, qemu-img convert and sync") {
                try await Command.run(
                    ["qemu-img", "convert", "-W", "-f", "raw", "-O", "qcow2", raw, plain], timeout: .seconds(300))
                try await Command.run(["sync", plain], timeout: .seconds(300))
            }
            try await Self.time("1 GiB raw to encrypted qcow2, qemu-img convert by hand and sync") {
                let hand = lab.disk()
                try await lab.pool.ensure(hand, from: nil)
                let keys = try Chain(hand, in: lab.volumes).keys
                let file = lab.pool.path(hand.layers[0].id)
                let target = "driver=qcow2,encrypt.format=luks,encrypt.key-secret=key0,file.filename=" + file
                try await Command.run(
                    ["qemu-img", "convert"] + keys.options
                        + ["-n", "--target-is-zero", "-W", "-f", "raw", "--target-image-opts", raw, target],
                    input: keys.input, timeout: .seconds(300))
                try await Command.run(["sync", file], timeout: .seconds(300))
            }
            var disk = lab.disk()
            try await Self.time("1 GiB raw image to an encrypted disk") {
                disk = lab.disk()
                try await lab.pool.ensure(disk, from: .image(path: raw, format: "raw"))
            }
            let from = disk
            try await Self.time("1 GiB encrypted disk to another key") {
                try await lab.pool.ensure(lab.disk(), from: .disk(from))
            }
            try await Self.time("export of 1 GiB") {
                var count = 0
                for try await piece in try await lab.pool.export(from) { count += piece.count }
                #expect(count == 1 << 30)
            }
            let upper = lab.disk(over: from)
            try await lab.pool.ensure(upper, from: nil)
            let begin = ContinuousClock().now
            try await lab.pool.ensureMerged(from.layers[0].id, of: upper)
            print("figure: merge of 1 GiB up: \(ContinuousClock().now - begin)")
            try await bench(lab, plain, from)
        }

        /// 256 MiB in order in requests of 64 KiB, 16 at a time, past the page cache.
        private func bench(_ lab: Lab, _ plain: String, _ disk: LayeredDisk) async throws {
            let chain = try Chain(disk, in: lab.volumes)
            let file: JSON = ["driver": "file", "filename": .string(plain)]
            let node: JSON = ["driver": "qcow2", "file": file]
            for act in ["aio_write", "aio_read"] {
                for (name, node) in [("plain", "json:" + node.text), ("encrypted", chain.argument(readOnly: false))] {
                    var words: [String] = []
                    for place in 0..<4096 {
                        words += ["-c", "\(act) -q \(place << 16) 64k"]
                        if place % 16 == 15 { words += ["-c", "aio_flush"] }
                    }
                    let all = words
                    try await Self.time("\(act) of 256 MiB by 64 KiB, \(name)") {
                        try await Command.run(
                            ["qemu-io", "-t", "none"] + chain.keys.options + all + [node], input: chain.keys.input,
                            timeout: .seconds(300))
                    }
                }
            }
        }
    }
}
