import CloudCore
import CloudImage
import Testing

@testable import CloudImage

extension ImageFormat {
    /// What is said of a file that begins with these bytes and has zeros up to `length`; nil where it is refused.
    func judge(_ bytes: [UInt8], length: Int? = nil) async -> Int? {
        let file = ImageBytes(length: length ?? bytes.count) { (place, count) in
            let there = bytes.dropFirst(place).prefix(count)
            return there + [UInt8](repeating: 0, count: count - there.count)
        }
        do { return try await virtualSize(of: file) } catch {
            #expect(error.code == .invalid, "\(error)")
            return nil
        }
    }
}

/// Well-formed files, to be bent. What they say is what `qemu-img` writes.
struct DiskSample {
    var bytes: [UInt8]
    /// Makes the sums right after changes.
    var seal: @Sendable (inout [UInt8]) -> Void = { _ in }

    mutating func big(_ place: Int, _ width: Int, _ value: UInt64) {
        for offset in 0..<width {
            bytes[place + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - offset)))
        }
    }
    mutating func little(_ place: Int, _ width: Int, _ value: UInt64) {
        for offset in 0..<width { bytes[place + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * offset)) }
    }
    mutating func put(_ place: Int, _ text: String) {
        bytes.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
    }
    mutating func put(_ place: Int, hex: String) {
        let digits = Array(hex)
        for number in 0..<digits.count / 2 {
            bytes[place + number] = UInt8(String(digits[number * 2..<number * 2 + 2]), radix: 16)!
        }
    }
    func sealed() -> [UInt8] {
        var out = bytes
        seal(&out)
        return out
    }

    // MARK: VMDK

    static func descriptor(_ type: String) -> String {
        """
        # Disk DescriptorFile
        version=1
        CID=dca25e74
        parentCID=ffffffff
        createType="\(type)"

        # Extent description
        RW 81920 SPARSE "disk.vmdk"

        # The Disk Data Base
        #DDB

        ddb.virtualHWVersion = "4"
        ddb.adapterType = "ide"

        """
    }

    /// 40 MiB of disk in 256 sectors of file.
    static func vmdk(stream: Bool = false, text: String? = nil) -> DiskSample {
        var it = DiskSample(bytes: [UInt8](repeating: 0, count: 256 * 512))
        it.put(0, "KDMV")
        for (place, width, value): (Int, Int, UInt64) in [
            (4, 4, stream ? 3 : 1), (8, 4, stream ? 0x30003 : 3), (12, 8, 81_920), (20, 8, 128), (28, 8, 1),
            (36, 8, 20),
            (44, 4, 512), (48, 8, 21), (56, 8, 26), (64, 8, 128), (73, 4, 0x0a0d_200a), (77, 2, stream ? 1 : 0),
        ] { it.little(place, width, value) }
        it.put(512, text ?? descriptor(stream ? "streamOptimized" : "monolithicSparse"))
        return it
    }

    /// As it is written to a pipe: where the directory is is only said at the end.
    static func piped() -> DiskSample {
        var it = vmdk(stream: true)
        let footer = it.bytes.count - 1024
        it.bytes.replaceSubrange(footer..<footer + 512, with: it.bytes[0..<512])
        it.little(56, 8, .max)
        it.little(footer - 512 + 12, 4, 3)
        return it
    }

    // MARK: VHD

    private static func footer(_ it: inout DiskSample, type: UInt64, size: UInt64) {
        it.put(0, "conectix")
        for (place, width, value): (Int, Int, UInt64) in [
            (8, 4, 2), (12, 4, 0x10000), (16, 8, type == 2 ? .max : 512), (40, 8, size), (48, 8, size),
            (56, 4, 0xffff_10ff), (60, 4, type),
        ] { it.big(place, width, value) }
        it.put(28, "qem2")
    }

    /// 40 MiB.
    static func dynamicVHD() -> DiskSample {
        var it = DiskSample(bytes: [UInt8](repeating: 0, count: 2560))
        footer(&it, type: 3, size: 40 << 20)
        it.put(512, "cxsparse")
        for (place, width, value): (Int, Int, UInt64) in [
            (520, 8, .max), (528, 8, 1536), (536, 4, 0x10000), (540, 4, 20), (544, 4, 2 << 20),
        ] { it.big(place, width, value) }
        it.seal = { bytes in
            sum(&bytes, 0..<512, 64)
            sum(&bytes, 512..<1536, 548)
            bytes.replaceSubrange(2048..<2560, with: bytes[0..<512])
        }
        return it
    }

    static func fixedVHD() -> DiskSample {
        var it = DiskSample(bytes: [UInt8](repeating: 0, count: 512))
        footer(&it, type: 2, size: 1 << 20)
        it.bytes = [UInt8](repeating: 7, count: 1 << 20) + it.bytes
        it.seal = { sum(&$0, 1 << 20..<1 << 20 + 512, 1 << 20 + 64) }
        return it
    }

    private static func sum(_ bytes: inout [UInt8], _ part: Range<Int>, _ place: Int) {
        for offset in 0..<4 { bytes[place + offset] = 0 }
        let sum = ~bytes[part].reduce(UInt32(0)) { $0 + UInt32($1) }
        for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * offset)) }
    }

    // MARK: VHDX

    /// 40 MiB, with the table at 1 MiB and the metadata at 2 MiB.
    static func vhdx() -> DiskSample {
        var it = DiskSample(bytes: [UInt8](repeating: 0, count: 3 << 20))
        it.put(0, "vhdxfile")
        for number in 1...2 {
            it.put(number << 16, "head")
            it.little(number << 16 + 8, 8, UInt64(number))
            it.little(number << 16 + 66, 2, 1)
        }
        it.put(3 << 16, "regi")
        it.little(3 << 16 + 8, 4, 2)
        for (number, id) in ["6677c22d23f600429d64115e9bfd4a08", "06a27c8b90479a4bb8fe575f050f886e"].enumerated() {
            let entry = 3 << 16 + 16 + 32 * number
            it.put(entry, hex: id)
            it.little(entry + 16, 8, UInt64(number + 1) << 20)
            it.little(entry + 24, 4, 1 << 20)
        }
        let metadata = 2 << 20
        it.put(metadata, "metadata")
        it.little(metadata + 10, 2, 5)
        for (number, (id, place, length)) in [
            ("3767a1ca36fa434db3b633f0aa44e76b", 0, 8), ("2442a52f1bcd7648b2115dbed83bf4b8", 8, 8),
            ("ab12cabee6b2234593efc309e000c746", 16, 16), ("1dbf41816fa90947ba47f233a8faab5f", 32, 4),
            ("c748a3cd5d4471449cc9e9885251c556", 36, 4),
        ].enumerated() {
            let entry = metadata + 32 + 32 * number
            it.put(entry, hex: id)
            it.little(entry + 16, 4, UInt64(place + 65_536))
            it.little(entry + 20, 4, UInt64(length))
            it.little(entry + 24, 4, number == 0 ? 4 : 6)
        }
        let items = metadata + 65_536
        for (place, width, value): (Int, Int, UInt64) in [
            (0, 4, 8 << 20), (8, 8, 40 << 20), (32, 4, 512), (36, 4, 4096),
        ] {
            it.little(items + place, width, value)
        }
        it.seal = { bytes in
            for (place, count) in [(1 << 16, 4096), (2 << 16, 4096), (3 << 16, 1 << 16)] {
                for offset in 4..<8 { bytes[place + offset] = 0 }
                let sum = CRC32C.sum(ImageWindow(bytes: Array(bytes[place..<place + count])), but: 4)
                for offset in 0..<4 { bytes[place + 4 + offset] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * offset)) }
            }
        }
        return it
    }
}
