// Pictures made smaller as OpenCV makes them smaller, to the bit: uint8, three channels,
// each row of one picture without gaps. A thread computes one byte; x counts bytes of a row.
// shrink.ptx is made of this by scripts/build_kernels.py.

// Means of 2x2 pixels, halves rounded up (INTER_AREA by two). The source's rows lie
// from_pitch bytes apart.
extern "C" __global__ void halve(const unsigned char *from, int from_pitch,
                                 unsigned char *to, int height, int width)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= 3 * width || y >= height)
        return;
    const unsigned char *at = from + (size_t)(2 * y) * from_pitch + 6 * (x / 3) + x % 3;
    to[(size_t)y * 3 * width + x] = (at[0] + at[3] + at[from_pitch] + at[from_pitch + 3] + 2) >> 2;
}

// INTER_LINEAR in OpenCV's fixed point. A column or row of the result is made of two of the
// source's, (x, y), with weights of 2048 together, (z, w); the sums of a row are cut by four bits,
// those of both rows by sixteen.
extern "C" __global__ void blend(const unsigned char *from, int from_pitch,
                                 const int4 *columns, const int4 *rows,
                                 unsigned char *to, int height, int width)
{
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= 3 * width || y >= height)
        return;
    const int4 column = columns[x / 3], row = rows[y];
    const unsigned char *upper = from + (size_t)row.x * from_pitch + x % 3;
    const unsigned char *lower = from + (size_t)row.y * from_pitch + x % 3;
    const int above = upper[3 * column.x] * column.z + upper[3 * column.y] * column.w;
    const int below = lower[3 * column.x] * column.z + lower[3 * column.y] * column.w;
    const int sum = ((row.z * (above >> 4)) >> 16) + ((row.w * (below >> 4)) >> 16);
    to[(size_t)y * 3 * width + x] = min(max((sum + 2) >> 2, 0), 255);
}
