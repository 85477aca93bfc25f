/* A few C functions for flat_machine_test: what the compiler makes of them runs on the ISS. */
typedef unsigned int u32;

volatile u32* const console = (u32*)0xF0000000u;
volatile u32* const finish = (u32*)0xF0000004u;

int numbers[64];

int dot(const int* x, const int* y, int n) {
  int sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

u32 crc32(const unsigned char* p, int n) {
  u32 c = ~0u;
  for (int i = 0; i < n; ++i) {
    c ^= p[i];
    for (int k = 0; k < 8; ++k) c = (c >> 1) ^ (0xEDB88320u & -(c & 1));
  }
  return ~c;
}

static void sort(int* v, int n) {
  if (n < 2) return;
  int pivot = v[n / 2], i = 0, j = n - 1;
  while (i <= j) {
    while (v[i] < pivot) ++i;
    while (v[j] > pivot) --j;
    if (i <= j) {
      int t = v[i];
      v[i++] = v[j];
      v[j--] = t;
    }
  }
  sort(v, j + 1);
  sort(v + i, n - i);
}

void sort_numbers(int n) { sort(numbers, n); }

u32 divide(u32 a, int b) { return a / 7 + (u32)((int)a % b); }

void forever(void) {
  for (;;) *(volatile u32*)numbers;
}

__attribute__((naked)) void _start(void) { __asm__("li sp, 0x80010000; call main"); }

int main(void) {
  for (const char* p = "hello\n"; *p; ++p) *console = (u32)*p;
  *finish = 3;
  return 0;
}
