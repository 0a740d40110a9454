import CloudCore
import CloudImage
import Testing

/// A well-formed qcow2 header of version 3, to be bent.
struct Header {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    init(version: UInt64 = 3) {
        bytes.replaceSubrange(0..<4, with: [0x51, 0x46, 0x49, 0xfb])
        for (place, width, value): (Int, Int, UInt64) in [
            (4, 4, version), (20, 4, 16), (24, 8, 1 << 30), (36, 4, 2), (40, 8, 196_608), (48, 8, 65_536), (56, 4, 1),
            (96, 4, 4), (100, 4, 104),
        ] { set(place, width, value) }
    }
    mutating func set(_ place: Int, _ width: Int, _ value: UInt64) {
        for offset in 0..<width {
            bytes[place + offset] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(width - 1 - offset)))
        }
    }
    /// What is said of it; nil where it passes.
    func judge(length: Int = 1 << 20) async -> Int? { await ImageFormat.qcow2.judge(bytes, length: length) }
}

@Suite("C043: images that name other files, or are not what they say, are refused")
struct ImageFormatTests {
    @Test("a plain qcow2 passes, and its disk's size is read")
    func plain() async {
        #expect(await Header().judge() == 1 << 30)
        #expect(await Header(version: 2).judge() == 1 << 30)
    }

    @Test(
        "one thing wrong in the header is enough",
        arguments: [
            ("a backing file", 8, 8, 1024), ("a backing file's length", 16, 4, 9), ("version 1", 4, 4, 1),
            ("version 4", 4, 4, 4),
            ("tiny clusters", 20, 4, 8), ("huge clusters", 20, 4, 22), ("no disk", 24, 8, 0), ("3 TiB", 24, 8, 3 << 40),
            ("negative size", 24, 8, UInt64.max), ("AES", 32, 4, 1), ("LUKS", 32, 4, 2), ("no table", 36, 4, 0),
            ("a table far too large", 36, 4, 0xffff_ffff), ("the table beyond the end", 40, 8, 1 << 40),
            ("refcounts beyond the end", 48, 8, 1 << 40), ("snapshots beyond the end", 60, 4, 1), ("dirty", 72, 8, 1),
            ("corrupt", 72, 8, 2), ("an external data file", 72, 8, 4), ("extended L2 entries", 72, 8, 16),
            ("an unknown feature", 72, 8, 1 << 63), ("a short header", 100, 4, 72), ("a crooked header", 100, 4, 105),
            ("an endless header", 100, 4, 65_528),
        ] as [(String, Int, Int, UInt64)])
    func wrong(_ what: String, _ place: Int, _ width: Int, _ value: UInt64) async {
        var header = Header()
        header.set(place, width, value)
        if what.hasPrefix("snapshots") { header.set(64, 8, 1 << 40) }
        #expect(await header.judge() == nil, "\(what)")
    }

    @Test("extensions that name a file are refused, wherever they stand; others pass")
    func extensions() async {
        for (type, isHarmless): (UInt64, Bool) in [
            (0xe279_2aca, false), (0x4441_5441, false), (0x0537_be77, false), (0x6803_f857, true), (0x2385_2875, true),
        ] {
            for place in [104, 104 + 8 + 48] {
                var header = Header()
                header.set(104, 4, 0x6803_f857)
                header.set(108, 4, 48)
                header.set(place, 4, type)
                header.set(place + 4, 4, 8)
                #expect((await header.judge() != nil) == isHarmless, "\(type) at \(place)")
            }
        }
        var endless = Header()
        for place in stride(from: 104, to: 65_528, by: 8) { endless.set(place, 4, 0x1234_5678) }
        #expect(await endless.judge() == nil)
        var long = Header()
        long.set(104, 4, 0x6803_f857)
        long.set(108, 4, 0xffff_fff8)
        #expect(await long.judge() == nil)
    }

    @Test("a header that ends early never crashes the reader")
    func truncated() async {
        let bytes = Header().bytes
        for length in 0..<200 {
            let found = await ImageFormat.qcow2.judge(Array(bytes.prefix(length)))
            #expect(found == nil || length >= 104)
        }
    }

    @Test(
        "what begins as another format is not raw",
        arguments: [
            "QFI\u{fb}", "KDMV", "COWD", "# Disk DescriptorFile", "conectix", "vhdxfile", "<<< Oracle VM", "QED\0",
            "LUKS",
            "WithoutFreeSpace", "WithouFreSpacExt",
        ])
    func disguised(_ magic: String) async {
        let bytes = magic.unicodeScalars.map { UInt8($0.value) } + [UInt8](repeating: 0, count: 600)
        #expect(await ImageFormat.raw.judge(bytes) == nil)
    }

    @Test("raw bytes are their own size, and some at least")
    func raw() async {
        #expect(await ImageFormat.raw.judge([0xeb, 0x63], length: 512) == 512)
        #expect(await ImageFormat.raw.judge([]) == nil)
        #expect(await ImageFormat.raw.judge([0], length: 3 << 40) == nil)
    }
}
