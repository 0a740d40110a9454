import CloudCore

/// What a disk image's header says, read by us before any tool sees the file. Whatever is not known to be harmless is
/// refused: an image that names other files would have the host's own copied into it.
public enum ImageFormat: String, CaseIterable, Sendable {
    case raw, qcow2, vmdk, vhd, vhdx

    /// How many bytes of the beginning hold a qcow2 file's header.
    private static let headLength = 65_536
    /// The largest disk that an image may describe: 2 TiB.
    public static let largest = 2 << 40

    /// All of them, for a sentence.
    static let names = allCases.map(\.rawValue).joined(separator: ", ")

    /// The size of the disk that the image describes, in bytes; `invalid` where it is not the format that was declared.
    public func virtualSize(of file: ImageBytes) async throws(CloudError) -> Int {
        switch self {
        case .raw:
            guard file.length > 0 else { throw .refusedImage("it is empty") }
            guard file.length <= Self.largest else { throw .refusedImage("it is larger than 2 TiB") }
            try Self.refuseOthers(try await file.window(0, min(file.length, 512)).bytes, declared: .raw)
            return file.length
        case .qcow2:
            let head = try await file.window(0, min(file.length, Self.headLength)).bytes
            return try qcow2(head, file.length)
        case .vmdk: return try await VMDK(file: file).virtualSize()
        case .vhd: return try await VHD(file: file).virtualSize()
        case .vhdx: return try await VHDX(file: file).virtualSize()
        }
    }

    /// Bytes of a disk that begin as if they were a file of another format, for a careless reader to take them for it.
    static func refuseOthers(_ head: [UInt8], declared: ImageFormat) throws(CloudError) {
        for (magic, name) in magics where head.starts(with: magic) {
            throw .refusedImage("it is declared \(declared.rawValue) and begins as \(name)")
        }
    }

    private static let magics: [([UInt8], String)] = [
        ([0x51, 0x46, 0x49, 0xfb], "qcow2"), (Array("KDMV".utf8), "VMDK"), (Array("COWD".utf8), "VMDK"),
        (Array("# Disk DescriptorFile".utf8), "a VMDK descriptor"), (Array("conectix".utf8), "VHD"),
        (Array("vhdxfile".utf8), "VHDX"), (Array("<<< ".utf8), "VDI"), (Array("QED\0".utf8), "QED"),
        (Array("LUKS".utf8), "LUKS"), (Array("WithoutFreeSpace".utf8), "Parallels"),
        (Array("WithouFreSpacExt".utf8), "Parallels"),
    ]

    /// qcow2, versions 2 and 3 (QEMU's docs/interop/qcow2): no backing file, no external data file, no encryption,
    /// no feature that is not known here, and sizes that a table could describe.
    private func qcow2(_ head: [UInt8], _ length: Int) throws(CloudError) -> Int {
        func number(_ place: Int, _ bytes: Int) -> UInt64 {
            head[place..<place + bytes].reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard head.count >= 104, head.starts(with: Self.magics[0].0) else {
            throw .refusedImage("it is declared qcow2 and is none")
        }
        let version = number(4, 4)
        guard version == 2 || version == 3 else { throw .refusedImage("qcow2 version \(version) is not known") }
        guard number(8, 8) == 0, number(16, 4) == 0 else { throw .refusedImage("it has a backing file") }
        let clusterBits = number(20, 4)
        guard (9...21).contains(clusterBits) else { throw .refusedImage("its cluster size is out of range") }
        let size = number(24, 8)
        guard size > 0, size <= UInt64(Self.largest) else {
            throw .refusedImage("its disk is empty or larger than 2 TiB")
        }
        guard number(32, 4) == 0 else { throw .refusedImage("it is encrypted") }
        let cluster = UInt64(1) << clusterBits
        let entries = number(36, 4)
        let needed = (size + cluster * (cluster / 8) - 1) / (cluster * (cluster / 8))
        guard entries >= needed, entries <= needed + cluster / 8 else {
            throw .refusedImage("its table does not fit its size")
        }
        guard number(40, 8) <= UInt64(length), entries * 8 <= UInt64(length) - number(40, 8),
            number(48, 8) < UInt64(length), number(60, 4) == 0 || number(64, 8) < UInt64(length)
        else { throw .refusedImage("its tables lie beyond its end") }
        guard version == 3 else { return Int(size) }
        // Bit 3 says that another compression is named, which is harmless; every other one is refused: bit 2 is
        // the external data file.
        guard number(72, 8) & ~UInt64(1 << 3) == 0 else { throw .refusedImage("it uses features that are not allowed") }
        guard number(96, 4) <= 6 else { throw .refusedImage("its reference counts are out of range") }
        let headerLength = Int(number(100, 4))
        guard headerLength >= 104, headerLength <= 4096, headerLength % 8 == 0 else {
            throw .refusedImage("its header is malformed")
        }
        try extensions(head, from: headerLength, number)
        return Int(size)
    }

    /// Header extensions: a backing format or external data file's name has no business in an image.
    private func extensions(_ head: [UInt8], from start: Int, _ number: (Int, Int) -> UInt64) throws(CloudError) {
        var place = start
        for _ in 0..<32 {
            guard place + 8 <= head.count else { throw .refusedImage("its header does not end") }
            let (type, length) = (number(place, 4), Int(number(place + 4, 4)))
            if type == 0 { return }
            guard type != 0xe279_2aca, type != 0x4441_5441, type != 0x0537_be77 else {
                throw .refusedImage("it refers to another file, or is encrypted")
            }
            place += 8 + (length + 7) / 8 * 8
        }
        throw .refusedImage("its header has too many extensions")
    }
}
