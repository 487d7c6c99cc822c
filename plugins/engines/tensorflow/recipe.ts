/** What a build is made of: packages of npm and wheels of PyPI, each by its checksum, so that no mirror can give another. */
import { TENSORFLOW, TFJS_NODE, type Build } from './library.ts';

/** `sha512` of the tarball, as npm writes it. */
export interface Package { readonly name: string; readonly version: string; readonly sha512: string }
export interface Wheel { readonly name: string; readonly version: string; readonly bytes: number; readonly sha256: string; /** What is taken out: paths that begin so. */ readonly take: readonly string[] }
export interface Recipe { readonly packages: readonly Package[]; readonly wheels: readonly Wheel[]; /** Of the folder when it is done. */ readonly bytes: number }

/** Sources and JavaScript of the binding, and Node's interface for it, which is the same in all versions of Node: no headers of the Node that runs are needed. */
const PACKAGES: readonly Package[] = [
  { name: '@tensorflow/tfjs-node', version: TFJS_NODE, sha512: 'uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==' },
  { name: 'node-api-headers', version: '1.9.0', sha512: '2oNILP4jXwRB4ywnYKjVk1YyJ96n2D4EOVJO6S3oYZ5PtbJrw3Yt9TpAuX3nBLMuzn74rnfGQrv13pS9vC+YiA==' },
];
/** The libraries, and the headers of their interface in C. */
const LIBRARY = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2', 'tensorflow/include/tensorflow/c/', 'tensorflow/include/tensorflow/core/platform/ctstring', 'tensorflow/include/tsl/'];
/** What the wheel of TensorFlow asks for by itself (`tensorflow[and-cuda]`); the library looks for it in `../nvidia`. */
const CUDA: readonly (readonly [name: string, version: string, bytes: number, sha256: string])[] = [
  ['cublas', '12.2.5.6', 417_825_305, 'f448d8db463f9a2c7dd9a1e607c0961d3e95f825b86839c5882f7d073d406df0'],
  ['cuda-cupti', '12.2.142', 13_900_552, 'ce68d1009dd14215e38ed49643d31374c71d6fea381181cb0b9da7f19dfd1624'],
  ['cuda-nvcc', '12.2.140', 21_319_729, 'c6ff4ae7a636eb6cab7621191e19ac3779690686bbcf52c04d8b1ca2944e1e27'],
  ['cuda-nvrtc', '12.2.140', 23_430_053, 'b1cdcae6443cb7cdcfb5d1bf51896a148c9f82f9e65b27db9ab095eaed689aa7'],
  ['cuda-runtime', '12.2.140', 845_802, 'acb9cb7e44594a3512533497ea790d9f0b0e399abcc888584c157d1ffa080e41'],
  ['cudnn', '8.9.4.25', 720_096_787, '9f882d5b11753c566fd32427839089eb4f8ba7a58c28446ad359e32c40229723'],
  ['cufft', '11.0.8.103', 98_570_970, '72e961e578f9be9e316ccb4db8652c421dd0b57442624faa71061d452f449a67'],
  ['curand', '10.3.3.141', 56_463_566, '7b6bad6817b5df2a6f5ec221206fb895d9195fdd7d2443f3e86554108c141a0a'],
  ['cusolver', '11.5.2.141', 124_890_758, '5a85c4653ce34339a5688137f494a0f903e0f0532418550998167f00844161da'],
  ['cusparse', '12.1.2.141', 195_268_625, '4e13d6a51d2303dcb2a023ba09546811161f0334fc64e13689397bbd3b1eb126'],
  ['nccl', '2.16.5', 188_657_797, '84695a4248138fb2ca12f5fd3defe986e790e71ccdaad51b2ca34ca4e83ef421'],
  ['nvjitlink', '12.2.140', 20_177_273, '95635cafbf9f96c38bea5200ab145a2e6aefbb5405e0b04c1e4ba54df2d84ec9'],
];
export const RECIPES: Readonly<Record<Build, Recipe>> = {
  cpu: {
    packages: PACKAGES, bytes: 615e6,
    wheels: [{ name: 'tensorflow-cpu', version: TENSORFLOW, bytes: 207_208_420, sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26', take: LIBRARY }],
  },
  cuda: {
    packages: PACKAGES, bytes: 4.05e9,
    wheels: [
      { name: 'tensorflow', version: TENSORFLOW, bytes: 475_258_663, sha256: 'bb0edd69103c154245c5f209f0507355cc68ba7e4de350084bc31edc562478e4', take: LIBRARY },
      ...CUDA.map(([name, version, bytes, sha256]): Wheel => ({ name: `nvidia-${name}-cu12`, version, bytes, sha256, take: ['nvidia/'] })),
    ],
  },
};
