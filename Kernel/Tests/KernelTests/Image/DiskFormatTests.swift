import CloudCore
import CloudImage
import CloudSim
import Testing

@Suite("C043: disks of other clouds come in where nothing in them leads elsewhere")
struct DiskFormatTests {
    @Test("what the common programs write passes, and its size is read")
    func plain() async {
        for stream in [false, true] {
            #expect(await ImageFormat.vmdk.judge(DiskSample.vmdk(stream: stream).bytes) == 40 << 20)
        }
        #expect(await ImageFormat.vmdk.judge(DiskSample.piped().bytes) == 40 << 20)
        #expect(await ImageFormat.vhd.judge(DiskSample.dynamicVHD().sealed()) == 40 << 20)
        #expect(await ImageFormat.vhd.judge(DiskSample.fixedVHD().sealed()) == 1 << 20)
        #expect(await ImageFormat.vhdx.judge(DiskSample.vhdx().sealed()) == 40 << 20)
    }

    @Test("each format passes as itself only")
    func declaredOtherwise() async {
        let samples: [(ImageFormat, [UInt8])] = [
            (.vmdk, DiskSample.vmdk().bytes), (.vhd, DiskSample.dynamicVHD().sealed()),
            (.vhdx, DiskSample.vhdx().sealed()), (.raw, [UInt8](repeating: 1, count: 4096)),
        ]
        for (format, bytes) in samples {
            for other in ImageFormat.allCases {
                #expect((await other.judge(bytes) != nil) == (other == format), "\(format) as \(other)")
            }
        }
        // A fixed VHD is a raw disk with a footer, and passes as either. Its disk is none that begins as a file.
        var disguised = DiskSample.fixedVHD()
        disguised.put(0, "KDMV")
        #expect(await ImageFormat.vhd.judge(disguised.sealed()) == nil)
    }

    @Test(
        "one thing wrong in a VMDK's header is enough",
        arguments: [
            ("version 4", 4, 4, 4), ("an unknown flag", 8, 4, 11), ("compression's flag alone", 8, 4, 0x10003),
            ("a marker's flag alone", 8, 4, 0x20003), ("no disk, so that names count", 12, 8, 0),
            ("3 TiB", 12, 8, 3 << 31), ("a size that wraps", 12, 8, 1 << 63), ("all bits of the size", 12, 8, .max),
            ("another size than its extent", 12, 8, 81_919), ("tiny grains", 20, 8, 4), ("no grains", 20, 8, 0),
            ("crooked grains", 20, 8, 100), ("huge grains", 20, 8, 1 << 40), ("no descriptor", 28, 8, 0),
            ("a descriptor elsewhere", 28, 8, 2), ("a descriptor outside of the file", 28, 8, 1 << 55),
            ("an empty descriptor", 36, 8, 0), ("a huge descriptor", 36, 8, 1 << 20),
            ("a descriptor that wraps", 36, 8, 1 << 55),
            ("a descriptor cut short", 36, 8, 128), ("long tables", 44, 4, 1024), ("no tables", 44, 4, 0),
            ("a second directory beyond the end", 48, 8, 1 << 40), ("a directory beyond the end", 56, 8, 256),
            ("a directory that wraps", 56, 8, 1 << 55), ("a directory at the end", 56, 8, .max),
            ("no directory", 56, 8, 0),
            ("grains beyond the end", 64, 8, 257), ("not closed", 72, 1, 1), ("line ends", 73, 1, 13),
            ("compressed", 77, 2, 1), ("another magic", 0, 4, 0x444f_5743), ("no magic", 0, 4, 0),
        ] as [(String, Int, Int, UInt64)])
    func wrongVMDK(_ what: String, _ place: Int, _ width: Int, _ value: UInt64) async {
        var sample = DiskSample.vmdk()
        sample.little(place, width, value)
        #expect(await ImageFormat.vmdk.judge(sample.bytes) == nil, "\(what)")
    }

    @Test(
        "one line too many or other in a VMDK's descriptor is enough",
        arguments: [
            ("SPARSE", "FLAT"), ("SPARSE", "VMFS"), ("SPARSE", "VMFSSPARSE"), ("SPARSE", "ZERO"), ("SPARSE", "VMFSRDM"),
            ("SPARSE", "sparse"), ("RW 81920", "NOACCESS 81920"), ("81920", "81919"), ("81920", "-1"), ("81920", ""),
            ("81920", "99999999999999999999"), ("disk.vmdk\"", "disk.vmdk\" 0"), ("\"disk.vmdk\"", "disk.vmdk"),
            ("disk.vmdk", "/etc/passwd"), ("disk.vmdk", "../disk.vmdk"), ("disk.vmdk", ".."), ("disk.vmdk", "a/b"),
            ("disk.vmdk", "C:\\disk.vmdk"), ("disk.vmdk", "nbd:localhost"), ("disk.vmdk", "json:{}"), ("disk.vmdk", ""),
            ("disk.vmdk", String(repeating: "a", count: 256)),
            ("RW 81920", "RW 8 FLAT \"/etc/passwd\" 0\nRW 81920"), ("RW 81920", "RW 81920 SPARSE \"b.vmdk\"\nRW 81920"),
            ("RW 81920 SPARSE \"disk.vmdk\"", ""), ("RW 81920", "\trw 8 FLAT \"a\" 0\rRW 81920"),
            ("parentCID=ffffffff", "parentCID=12345678"), ("parentCID=ffffffff\n", ""),
            ("parentCID=ffffffff", "parentCID=ffffffff\nparentFileNameHint=\"/etc/passwd\""),
            ("#DDB", "# parentFileNameHint=\"/etc/passwd\""), ("#DDB", "ddb.x = \"PARENTFILENAMEHINT\""),
            ("#DDB", "# parentFileNameHint\u{301}=\"/etc/passwd\""), ("#DDB", "# parentCID=12345678"),
            ("#DDB", "createType=\"vmfs\""), ("#DDB", "changeTrackPath=\"/etc/passwd\""), ("#DDB", "CID=dca25e74"),
            ("#DDB", "anything=1"), ("#DDB", "anything"), ("#DDB", "\u{1}"), ("version=1", "version\n=1"),
            ("monolithicSparse", "monolithicFlat"), ("monolithicSparse", "streamOptimized"),
            ("monolithicSparse", "twoGbMaxExtentSparse"), ("monolithicSparse", "vmfs"), ("monolithicSparse", "custom"),
            ("monolithicSparse", ""), ("createType=\"monolithicSparse\"\n", ""), ("# Disk DescriptorFile", "# Disk"),
        ] as [(String, String)])
    func wrongDescriptor(_ old: String, _ new: String) async {
        let text = DiskSample.descriptor("monolithicSparse").replacing(old, with: new)
        let bytes = DiskSample.vmdk(text: text).bytes
        #expect(await ImageFormat.vmdk.judge(bytes) == nil, "\(new)")
        // The text alone, which QEMU would open, and with it all that it names.
        #expect(await ImageFormat.vmdk.judge(Array(text.utf8)) == nil)
        #expect(await ImageFormat.raw.judge(Array(text.utf8)) == nil || !text.hasPrefix("# Disk DescriptorFile"))
    }

    @Test("a VMDK's descriptor ends with a null, and nothing follows it")
    func descriptorsEnd() async {
        var sample = DiskSample.vmdk()
        sample.put(512 + 10_000, "parentFileNameHint=\"/etc/passwd\"")
        #expect(await ImageFormat.vmdk.judge(sample.bytes) == nil)
        sample = .vmdk()
        let text = DiskSample.descriptor("monolithicSparse")
        sample.put(512, text + String(repeating: "\n", count: 20 * 512 - text.utf8.count))
        #expect(await ImageFormat.vmdk.judge(sample.bytes) == nil)
        // 14,000 bytes of comments end behind the area.
        let long = text + String(repeating: "# long\n", count: 2000)
        #expect(await ImageFormat.vmdk.judge(DiskSample.vmdk(text: long).bytes) == nil)
        // With other line ends, in other writings and with names in other scripts it passes.
        for text in [
            text.replacing("\n", with: "\r\n"), text.replacing("disk.vmdk", with: "ディスク 1=2.vmdk"),
            text.replacing("RW", with: "RDONLY"), text.replacing("=ffffffff", with: " = FFFFFFFF"),
        ] { #expect(await ImageFormat.vmdk.judge(DiskSample.vmdk(text: text).bytes) == 40 << 20) }
    }

    @Test("a stream's footer is as its header, since QEMU believes the footer")
    func footers() async {
        let footer = 256 * 512 - 1024
        for (what, place, value): (String, Int, UInt64) in [
            ("no disk", footer + 12, 0), ("another disk", footer + 12, 81_921), ("other flags", footer + 8, 3),
            ("no magic", footer, 0), ("no compression", footer + 77, 0), ("the end again", footer + 56, .max),
            ("beyond the end", footer + 56, 1 << 40), ("no mark", footer - 512 + 12, 0),
            ("no end", footer + 512 + 12, 3),
            ("a mark with content", footer - 512 + 8, 1), ("other grains", footer + 20, 1 << 20),
        ] {
            var sample = DiskSample.piped()
            sample.little(place, what == "no magic" ? 4 : 8, value)
            #expect(await ImageFormat.vmdk.judge(sample.bytes) == nil, "\(what)")
        }
        #expect(await ImageFormat.vmdk.judge(DiskSample.piped().bytes.dropLast(512)) == nil)
        #expect(await ImageFormat.vmdk.judge(DiskSample.piped().bytes.dropLast(100)) == nil)
    }

    @Test(
        "one thing wrong in a VHD is enough",
        arguments: [
            ("a differencing disk", 60, 4, 4), ("no type", 60, 4, 0), ("fixed, with a table", 60, 4, 2),
            ("version 2", 12, 4, 0x20000),
            ("an unknown feature", 8, 4, 10), ("suspended", 84, 1, 1), ("no disk", 48, 8, 0), ("crooked", 48, 8, 1000),
            ("3 TiB", 48, 8, 3 << 40), ("a size that wraps", 48, 8, 1 << 63), ("all bits", 48, 8, .max),
            ("larger than its table", 48, 8, 42 << 20), ("a program whose geometry counts", 28, 4, 0x7662_6f78),
            ("a header beyond the end", 16, 8, 1 << 40), ("a header that wraps", 16, 8, .max),
            ("a header in the footer", 16, 8, 0),
            ("no header", 512, 8, 0), ("header version 2", 536, 4, 0x20000),
            ("a table beyond the end", 528, 8, 1 << 40),
            ("a table that wraps", 528, 8, .max), ("a table in the footer", 528, 8, 0),
            ("a huge table", 540, 4, 0xffff_ffff),
            ("no table", 540, 4, 0), ("no blocks", 544, 4, 0), ("tiny blocks", 544, 4, 512),
            ("crooked blocks", 544, 4, 3 << 20),
            ("huge blocks", 544, 4, 1 << 31), ("a parent's id", 552, 8, 1), ("a parent's name", 576, 2, 0x61),
            ("a parent's place", 576 + 512, 4, 0x5732_7275),
        ] as [(String, Int, Int, UInt64)])
    func wrongVHD(_ what: String, _ place: Int, _ width: Int, _ value: UInt64) async {
        var sample = DiskSample.dynamicVHD()
        sample.big(place, width, value)
        if what.hasPrefix("a program") { sample.big(56, 4, 0x03c4_0511) }
        #expect(await ImageFormat.vhd.judge(sample.sealed()) == nil, "\(what)")
    }

    @Test("a VHD's footers agree, their sums are right, and a fixed one is as long as its disk")
    func vhdEnds() async {
        for place in [20, 100, 520, 600, 2048, 2148] {
            var bytes = DiskSample.dynamicVHD().sealed()
            bytes[place] ^= 1
            #expect(await ImageFormat.vhd.judge(bytes) == nil, "\(place)")
        }
        #expect(await ImageFormat.vhd.judge(DiskSample.dynamicVHD().sealed().dropLast(512)) == nil)
        let fixed = DiskSample.fixedVHD().sealed()
        #expect(await ImageFormat.vhd.judge(fixed.dropLast(1)) == nil)
        #expect(await ImageFormat.vhd.judge(Array(fixed.dropFirst(512))) == nil)
        #expect(await ImageFormat.vhd.judge(Array(fixed.suffix(512))) == nil)
        for (place, width, value): (Int, Int, UInt64) in [(60, 4, 3), (60, 4, 4), (16, 8, 512), (48, 8, 2 << 20)] {
            var sample = DiskSample.fixedVHD()
            sample.big(1 << 20 + place, width, value)
            #expect(await ImageFormat.vhd.judge(sample.sealed()) == nil, "\(place)")
        }
    }

    @Test(
        "one thing wrong in a VHDX is enough",
        arguments: [
            ("a log", 2 << 16 + 48, 1, 1), ("version 2", 2 << 16 + 66, 2, 2),
            ("no first header's number", 1 << 16 + 8, 8, 2),
            ("three regions", 3 << 16 + 8, 4, 3), ("one region", 3 << 16 + 8, 4, 1), ("no region", 3 << 16 + 8, 4, 0),
            ("endless regions", 3 << 16 + 8, 4, 0xffff_ffff), ("an unknown region", 3 << 16 + 16, 1, 1),
            ("a region beyond the end", 3 << 16 + 32, 8, 1 << 40), ("a region that wraps", 3 << 16 + 32, 8, .max),
            ("a region in the header", 3 << 16 + 32, 8, 0), ("a short region", 3 << 16 + 40, 4, 8),
            ("a region longer than the file", 3 << 16 + 40, 4, 0xfff0_0000),
            ("a crooked region", 3 << 16 + 32, 8, 1 << 20 + 512),
            ("no metadata", 2 << 20, 8, 0), ("six items", 2 << 20 + 10, 2, 6), ("two items", 2 << 20 + 10, 2, 2),
            ("an unknown item", 2 << 20 + 32, 1, 1), ("a user's item", 2 << 20 + 56, 4, 5),
            ("an item beyond its end", 2 << 20 + 48, 4, 1 << 20), ("an item that wraps", 2 << 20 + 48, 4, 0xffff_ffff),
            ("an item in the table", 2 << 20 + 48, 4, 0), ("a long item", 2 << 20 + 52, 4, 16),
            ("a parent", 2 << 20 + 65_540, 4, 2), ("an unknown parameter", 2 << 20 + 65_540, 4, 4),
            ("tiny blocks", 2 << 20 + 65_536, 4, 512), ("no blocks", 2 << 20 + 65_536, 4, 0),
            ("crooked blocks", 2 << 20 + 65_536, 4, 3 << 20),
            ("no disk", 2 << 20 + 65_544, 8, 0), ("crooked", 2 << 20 + 65_544, 8, 100),
            ("3 TiB", 2 << 20 + 65_544, 8, 3 << 40),
            ("larger than its table", 2 << 20 + 65_544, 8, 2 << 40), ("all bits", 2 << 20 + 65_544, 8, .max),
            ("large sectors", 2 << 20 + 65_568, 4, 4096),
        ] as [(String, Int, Int, UInt64)])
    func wrongVHDX(_ what: String, _ place: Int, _ width: Int, _ value: UInt64) async {
        var sample = DiskSample.vhdx()
        sample.little(place, width, value)
        if what == "larger than its table" { sample.little(2 << 20 + 65_536, 4, 1 << 20) }
        #expect(await ImageFormat.vhdx.judge(sample.sealed()) == nil, "\(what)")
    }

    @Test("of a VHDX's headers the newer whole one counts, and damage is seen")
    func vhdxHeaders() async {
        var old = DiskSample.vhdx()
        old.little(1 << 16 + 48, 1, 1)
        #expect(await ImageFormat.vhdx.judge(old.sealed()) == 40 << 20, "an older header's log is past")
        var damaged = old.sealed()
        damaged[2 << 16 + 100] ^= 1
        #expect(await ImageFormat.vhdx.judge(damaged) == nil, "then the older one counts, and its log")
        var table = DiskSample.vhdx().sealed()
        table[3 << 16 + 5000] ^= 1
        #expect(await ImageFormat.vhdx.judge(table) == nil)
        var items = DiskSample.vhdx()
        items.put(2 << 20 + 32 + 4 * 32, hex: "2d5fd3a80bb34d45abf7d3d84834ab0c")
        #expect(await ImageFormat.vhdx.judge(items.sealed()) == nil, "a parent's locator")
    }

    @Test("files that end early are refused")
    func truncated() async {
        for (format, bytes) in [
            (ImageFormat.vmdk, DiskSample.vmdk().bytes), (.vmdk, DiskSample.piped().bytes),
            (.vhd, DiskSample.dynamicVHD().sealed()), (.vhdx, DiskSample.vhdx().sealed()),
        ] {
            for length in [
                0, 1, 3, 4, 7, 8, 79, 511, 512, 513, 1023, 1024, 1536, 2047, 2048, 65_024, 196_608, 262_144, 1 << 20,
            ]
            where length < bytes.count {
                let it = Array(bytes.prefix(length))
                #expect(await format.judge(it) == nil, "\(format) of \(length)")
            }
        }
    }

    @Test("whatever is changed in a file, there is an answer", arguments: [ImageFormat.vmdk, .vhd, .vhdx, .qcow2])
    func mutated(_ format: ImageFormat) async {
        let dice = SeededDice(43)
        let (samples, turns): ([(DiskSample, [Range<Int>])], Int) =
            switch format {
            case .vmdk: ([(.vmdk(), [0..<90, 512..<900]), (.piped(), [0..<90, 129_536..<131_072])], 2000)
            case .vhd: ([(.dynamicVHD(), [0..<90, 512..<600]), (.fixedVHD(), [1 << 20..<1 << 20 + 90])], 1000)
            case .vhdx:
                (
                    [(.vhdx(), [65_536..<65_620, 196_608..<196_700, 2 << 20..<2 << 20 + 200, 2_162_688..<2_162_730])],
                    120
                )
            default: ([(DiskSample(bytes: Header().bytes), [0..<120])], 2000)
            }
        for turn in 0..<turns {
            var (sample, places) = samples[turn % samples.count]
            for _ in 0...dice.below(3) {
                let part = places[dice.below(places.count)]
                let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, UInt8(dice.below(256))]
                let (place, value) = (part.lowerBound + dice.below(part.count), values[dice.below(values.count)])
                for offset in 0..<[1, 2, 4, 8][dice.below(4)] where place + offset < part.upperBound {
                    sample.bytes[place + offset] = value
                }
            }
            let bytes = turn % 4 == 0 ? sample.bytes : sample.sealed()
            if let size = await format.judge(bytes) { #expect((1...ImageFormat.largest).contains(size)) }
        }
    }
}
